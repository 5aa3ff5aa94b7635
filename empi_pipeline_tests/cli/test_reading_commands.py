"""Commands that look at an index, on tables seeded by SQL."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from empi_pipeline.postgres import Connection, connect
from empi_pipeline.publishing import publish
from empi_pipeline_tests.cli.conftest import Empi
from empi_pipeline_tests.publishing.index_state import IndexState, person

CANARY = "Zzyzx-Canary"


@pytest.fixture
def index(database: str) -> IndexState:
    """Three records of two persons in three sources, one open case between the persons; published."""
    with connect(database) as connection:
        index = IndexState(connection)
        records = [index.record(source, number) for source, number in (("a", "1"), ("b", "2"), ("c", "3"))]
        index.change({records[0]: 1, records[1]: 1, records[2]: 2})
        for number, count in ((1, 2), (2, 1)):
            connection.execute(
                "insert into identity.persons (person_id, created_change_id, created_at, record_count)"
                " values (%s, 1, now(), %s)",
                [person(number), count],
            )
        connection.execute("update raw.person_records set last_name = %s where record_id = %s", [CANARY, records[0]])
        _case(connection, records[0], records[2])
        publish(connection)
    return index


def _case(connection: Connection, left: int, right: int) -> None:
    connection.execute(
        "insert into identity.review_cases (case_id, kind, reason, max_match_weight, max_match_probability,"
        " person_count, record_count, opened_change_id, opened_at, updated_change_id)"
        " values (7, 'potential_match', 'potential_match', 9.5, 0.9876, 2, 3, 1, now(), 1)"
    )
    connection.execute(
        "insert into identity.case_pairs (case_id, record_id_l, record_id_r) values (7, %s, %s)", [left, right]
    )


def test_status_tells_the_figures_that_scripts_rely_on(empi: Empi, index: IndexState) -> None:
    status = empi("status", "--json").json()
    assert status | {"last_batch": None} == {
        "person_records": 3,
        "rejected_rows": 0,
        "persons": 2,
        "retired_persons": 0,
        "open_review_cases": 1,
        "unreadable_objects": 0,
        "batches_under_way": 1,
        "batches_failed": 0,
        "active_model": None,
        "last_batch": None,
    }
    assert status["last_batch"]["batch_id"] == "seeded"
    assert status["last_batch"]["status"] == "waiting"


def test_status_for_people_is_one_figure_a_line(empi: Empi, index: IndexState) -> None:
    lines = empi("status").out.splitlines()
    assert lines[0].split() == ["person", "records", "3"]
    assert lines[-1].split() == ["last", "batch", "seeded:", "waiting"]


def test_status_of_an_empty_index_is_zeros(empi: Empi) -> None:
    status = empi("status", "--json").json()
    assert status["person_records"] == 0
    assert status["last_batch"] is None


def test_the_crosswalk_goes_to_stdout_as_csv(empi: Empi, index: IndexState) -> None:
    ran = empi("crosswalk")
    assert ran.code == 0
    assert ran.out == (f"data_source,source_person_id,person_id\na,1,{person(1)}\nb,2,{person(1)}\nc,3,{person(2)}\n")


def test_the_crosswalk_of_some_sources_goes_to_a_file_of_the_format_its_name_says(
    empi: Empi, index: IndexState, tmp_path: Path
) -> None:
    target = tmp_path / "c.parquet"
    ran = empi("crosswalk", "-o", target, "--data-source", "b", "--data-source", "c", "--json")
    assert ran.json() == {"output": str(target), "format": "parquet", "rows": 2}
    assert pq.read_table(target)["source_person_id"].to_pylist() == ["2", "3"]
    assert [path.name for path in tmp_path.glob("*c.*")] == ["c.parquet"]


def test_a_crosswalk_that_fails_leaves_the_file_of_before(empi: Empi, index: IndexState, tmp_path: Path) -> None:
    target = tmp_path / "c.csv"
    target.write_text("before")
    assert empi("crosswalk", "-o", target, "--data-source", "nobody").code == 4
    assert target.read_text() == "before"
    assert list(tmp_path.glob(".c.csv*")) == []


def test_unpublished_changes_are_remarked_apart_from_the_result(empi: Empi, index: IndexState, database: str) -> None:
    with connect(database) as connection:
        index.connection = connection
        index.change({})  # Moved nothing, as lifting a withdrawal does: there is nothing to publish of it.
    assert empi("crosswalk").err == ""
    with connect(database) as connection:
        index.connection = connection
        index.change({1: 2})
    ran = empi("crosswalk")
    assert "1 newer identity change(s)" in ran.err
    assert ran.out.startswith("data_source,")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["crosswalk", "-o", "x.xlsx"], 2, "must end in .csv or .parquet"),
        (["crosswalk", "--json"], 2, "name a file"),
        (["crosswalk", "--retired", "--data-source", "a"], 2, "leave --data-source out"),
        (["crosswalk", "-o", "/nonexistent/x.csv"], 2, "cannot be written"),
        (["crosswalk", "--data-source", "nobody"], 4, "no data source named nobody"),
        (["batches", "show", "nope"], 4, "there is no batch nope"),
        (["review", "show", "99"], 4, "99"),
        (["review", "list", "--kind", "odd"], 2, "must be one of potential_match"),
        (["config", "show", "nope"], 4, "nope"),
        (["config", "activate", "nope"], 4, "nope"),
        (["load", "/nonexistent.csv"], 4, "no such file"),
        (["nope"], 2, "No such command"),
        (["status", "extra"], 2, "unexpected extra argument"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message_with_its_exit_code(
    empi: Empi, index: IndexState, arguments: list[str], code: int, told: str, request: pytest.FixtureRequest
) -> None:
    ran = empi(*arguments)
    assert ran.code == code
    assert told in " ".join(ran.err.split())
    assert "Traceback" not in ran.err
    assert CANARY not in ran.err


def test_the_review_queue_lists_and_shows_a_case_with_its_records(empi: Empi, index: IndexState) -> None:
    (listed,) = empi("review", "list", "--json").json()
    assert (listed["case_id"], listed["kind"], listed["person_count"]) == (7, "potential_match", 2)
    shown = empi("review", "show", "7", "--json").json()
    assert [each["record_count"] for each in shown["persons"]] == [2, 1]
    assert CANARY in json.dumps(shown)
    text = empi("review", "show", "7").out
    assert f"person {person(1)}@1, 2 record(s)" in text
    assert CANARY in text
    assert "not scored" in text
    assert empi("review", "list").out.splitlines()[1].split()[:2] == ["7", "potential_match"]
    assert empi("review", "list", "--closed").err == "no such case\n"


def test_batches_are_listed_and_shown_with_their_objects(empi: Empi, index: IndexState) -> None:
    (listed,) = empi("batches", "list", "--json").json()
    assert (listed["batch_id"], listed["objects"]) == ("seeded", 1)
    assert empi("batches", "list", "--status", "failed", "--json").json() == []
    shown = empi("batches", "show", "seeded", "--json").json()
    assert [each["key"] for each in shown["objects"]] == ["k"]
    assert "seeded" in empi("batches", "list").out


def test_the_database_address_hides_its_password(empi: Empi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPI_POSTGRES_URL", "postgresql://me:secret@host:5432/empi")
    assert empi("db", "url").out == "postgresql://me:***@host:5432/empi\n"
    assert empi("db", "url", "--password").out == "postgresql://me:secret@host:5432/empi\n"


def test_upgrading_a_current_schema_changes_nothing(empi: Empi) -> None:
    assert empi("db", "upgrade", "--json").json() == {"applied": []}
    assert empi("db", "upgrade").out == "the schema is current\n"


def test_a_database_of_ones_own_is_upgraded_on_demand_only(
    empi: Empi, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(database) as connection:
        connection.execute("drop schema empi cascade")
    ran = empi("status")
    assert ran.code == 2
    assert "empi db upgrade" in ran.err


def test_a_lost_postgres_is_told_without_traceback_and_password(empi: Empi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPI_POSTGRES_URL", "postgresql://me:secret@127.0.0.1:1/empi")
    ran = empi("status")
    assert ran.code == 3
    assert ran.err.startswith("error: Postgres:")
    assert "secret" not in ran.err
    assert "Traceback" not in ran.err


def test_the_text_of_a_foreign_error_is_withheld(empi: Empi, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("empi_pipeline.postgres.migrations.pending", fail)
    monkeypatch.setattr("empi_pipeline.cli.index.pending", fail)
    ran = empi("status")
    assert ran.code == 70
    assert CANARY not in ran.err
    assert "ValueError in index.py" in ran.err
