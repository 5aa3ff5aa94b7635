import gzip
import io

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from empi_pipeline import cleaning
from empi_pipeline.automation.local import Pipeline, local_instance
from empi_pipeline.intake import ledger, taking_in
from empi_pipeline.postgres import copy_in
from empi_pipeline_tests.deliveries import (
    EXPECTED_PERSONS,
    HEADER,
    HOSPITAL,
    PAYER,
    deliver,
    load,
    persons,
    without_ids,
)


def test_two_deliveries_become_persons_across_sources(running: Pipeline) -> None:
    assert load(running, {"hospital.csv": HOSPITAL}).success
    assert load(running, {"payer.csv": PAYER}).success
    assert persons(running) == EXPECTED_PERSONS
    with running.connect() as connection:
        judged = connection.execute("select count(*), count(guard_verdict) from matching.predictions").fetchone()
    assert judged
    assert judged[0] == judged[1] > 0


def test_one_batch_of_both_gives_the_same_persons_as_two_batches_in_either_order(running: Pipeline) -> None:
    assert load(running, {"payer.csv": PAYER}).success
    assert load(running, {"hospital.csv": HOSPITAL}).success
    assert persons(running) == EXPECTED_PERSONS


def test_a_file_delivered_again_adds_nothing(running: Pipeline) -> None:
    load(running, {"hospital.csv": HOSPITAL})
    before = without_ids(running)
    again = deliver(running, {"again.csv": HOSPITAL})
    assert running.run_batch(again).success
    after = without_ids(running)
    for unchanged in ("raw", "cleaned", "predictions", "events", "changes", "cases", "feed", "persons"):
        assert after[unchanged] == before[unchanged], unchanged
    assert after["arrivals"][-1] == ("read", 3, 0, 3, 0)


def test_a_batch_run_again_changes_nothing(running: Pipeline) -> None:
    batch_id = deliver(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    running.run_batch(batch_id)
    before = without_ids(running)
    assert running.run_batch(batch_id).success
    assert without_ids(running) == before


def test_an_applied_batch_keeps_its_cleaned_records_whatever_the_rules_are_now(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = deliver(running, {"hospital.csv": HOSPITAL})
    running.run_batch(batch_id)
    with running.connect() as connection:
        before = connection.execute("select * from cleaned.person_records order by record_id").fetchall()

    def other_rules(*_arguments: object, **_options: object) -> None:
        raise AssertionError("an applied batch is not cleaned again")

    monkeypatch.setattr(cleaning, "clean", other_rules)
    assert running.run_batch(batch_id).success
    with running.connect() as connection:
        assert connection.execute("select * from cleaned.person_records order by record_id").fetchall() == before


def test_csv_gzip_parquet_and_ndjson_of_the_same_rows_are_the_same_content(running: Pipeline) -> None:
    columns = ["data_source", "source_person_id", "first_name"]
    rows = [["lab", "1", "Ada"], ["lab", "2", "Alan"]]
    csv = b"data_source,source_person_id,first_name\nlab,1,Ada\nlab,2,Alan\n"
    ndjson = b'{"first_name": "Ada", "data_source": "lab", "source_person_id": "1"}\n' + (
        b'{"data_source": "lab", "source_person_id": 2, "first_name": "Alan"}\n'
    )
    parquet = io.BytesIO()
    pq.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], names=columns), parquet)
    load(
        running,
        {"a.csv": csv, "b.csv.gz": gzip.compress(csv), "c.parquet": parquet.getvalue(), "d.ndjson": ndjson},
    )
    state = without_ids(running)
    assert len(state["raw"]) == 2
    assert [row[1] for row in state["arrivals"]] == [2, 2, 2, 2]
    assert sum(row[2] for row in state["arrivals"]) == 2


def test_bad_rows_and_bad_files_stop_only_themselves(running: Pipeline) -> None:
    good = b"hospital,h1,Ada,Lovelace,F,1975-12-10,,,,,,\n"
    batch_id = deliver(
        running,
        {
            "bad-rows.csv": HEADER + good + b"hospital,,No,Id,,,,,,,,\n" + b"hospital,h9,too,few\n",
            "broken.parquet": b"PAR1 this is none",
            "empty.csv": b"",
            "no-ids.csv": b"first_name,last_name\nAda,Lovelace\n",
        },
    )
    assert running.run_batch(batch_id).success
    with running.connect() as connection:
        rejected = connection.execute(
            "select line_number, reason_code from raw.rejected_rows order by line_number"
        ).fetchall()
        arrivals = {each.object_key: each for each in ledger.arrivals_of_batch(connection, batch_id)}
    assert rejected == [(3, "missing_source_person_id"), (4, "field_count")]
    assert arrivals["inbox/bad-rows.csv"].new == 1
    assert arrivals["inbox/empty.csv"].status == "read"
    assert (arrivals["inbox/broken.parquet"].status, arrivals["inbox/broken.parquet"].reason_code) == (
        "failed",
        "bad_parquet",
    )
    assert arrivals["inbox/no-ids.csv"].reason_code == "missing_columns"


def test_versions_of_one_source_identity_belong_to_one_person(running: Pipeline) -> None:
    load(running, {"a.csv": HEADER + b"hospital,h1,Ada,Byron,F,1975-12-10,,1 A Street,,,,\n"})
    load(running, {"b.csv": HEADER + b"hospital,h1,Ada,Lovelace,F,1975-12-10,,99 Z Road,,,,\n"})
    assert persons(running) == {frozenset({("hospital", "h1")})}
    with running.connect() as connection:
        assert connection.execute("select record_count from identity.persons").fetchall() == [(2,)]


def test_a_run_shows_its_assets_checks_and_partitions_in_dagster(running: Pipeline) -> None:
    batch_id = deliver(running, {"hospital.csv": HOSPITAL})
    outcome = running.run_batch(batch_id)
    instance = local_instance()
    assert instance.get_dynamic_partitions("batches") == [batch_id]
    records = instance.get_records_for_run(outcome.run_id).records
    materialised = {
        event.asset_key.to_user_string()
        for record in records
        if (event := record.event_log_entry.dagster_event) is not None and event.is_step_materialization
    }
    assert materialised == {
        "raw/person_records",
        "raw/rejected_rows",
        "cleaned/person_records",
        "matching/predictions",
        "identity/persons",
        "identity/review_queue",
        "publishing/crosswalk",
    }
    evaluations = [
        record.asset_check_evaluation
        for record in (entry.event_log_entry for entry in records)
        if record.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    assert len(evaluations) == 12
    assert all(each is not None and each.passed for each in evaluations)


def test_a_run_leads_to_the_stewards_page_and_the_batch_to_its_run(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPI_PAGE_URL", "https://empi.example.org/")
    batch_id = deliver(running, {"hospital.csv": HOSPITAL})
    outcome = running.run_batch(batch_id)
    with running.connect() as connection:
        run_of_batch = connection.execute("select last_run_id from intake.batches").fetchone()
        (open_cases,) = connection.execute(
            "select count(*) from identity.review_cases where status = 'open'"
        ).fetchone()
    assert run_of_batch == (outcome.run_id,)
    told = {}
    for record in local_instance().get_records_for_run(outcome.run_id).records:
        event = record.event_log_entry.dagster_event
        if event is not None and event.is_step_materialization:
            told[event.asset_key.to_user_string()] = event.step_materialization_data.materialization.metadata
    assert told["identity/review_queue"]["work list"].value == "https://empi.example.org/cases"
    assert told["identity/review_queue"]["all open cases"].value == open_cases
    assert told["identity/persons"]["what it changed"].value == "https://empi.example.org/changes/1"


def test_a_lost_row_is_noticed_and_keeps_the_batch_from_matching(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(connection, table, rows, **options):  # type: ignore[no-untyped-def]
        return copy_in(connection, table, rows.slice(1) if table == "raw.person_records" else rows, **options)

    monkeypatch.setattr(taking_in, "copy_in", losing)
    batch_id = deliver(running, {"hospital.csv": HOSPITAL})
    outcome = running.run_batch(batch_id)
    assert not outcome.success
    with running.connect() as connection:
        assert ledger.batch(connection, batch_id).status == "waiting"
        for table in ("cleaned.person_records", "matching.predictions", "identity.persons", "publishing.crosswalk"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,), table
