from collections.abc import Iterator
from pathlib import Path

import pytest

from empi_pipeline.automation.local import Pipeline, pipeline
from empi_pipeline.embedded import postgres as embedded
from empi_pipeline.identity.verify import verify
from empi_pipeline.intake import ledger
from empi_pipeline.postgres import connect
from empi_pipeline.postgres.connections import DatabaseError, values_withheld
from empi_pipeline_tests.conftest import TEMPLATE, make_template
from empi_pipeline_tests.deliveries import EXPECTED_PERSONS, HOSPITAL, PAYER, deliver, load, persons, without_ids
from empi_pipeline_tests.faults.identity_acts import ACTS, scene
from empi_pipeline_tests.properties.histories.cut import CutConnection, dying
from empi_pipeline_tests.properties.histories.observed import observe, wrong_in


def test_a_batch_fails_clearly_when_s3_cannot_be_reached_and_succeeds_later(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = deliver(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    with monkeypatch.context() as patched:
        patched.setenv("EMPI_S3_ENDPOINT_URL", "http://127.0.0.1:9")
        outcome = running.run_batch(batch_id)
    assert not outcome.success
    assert outcome.failed_step == "raw_rows"
    assert "hospital.csv" in (outcome.error or "")
    with running.connect() as connection:
        assert ledger.batch(connection, batch_id).status == "waiting"
        assert {each.status for each in ledger.arrivals_of_batch(connection, batch_id)} == {"waiting"}
    assert running.run_batch(batch_id).success
    assert persons(running) == EXPECTED_PERSONS


@pytest.mark.parametrize("step", ["cleaned__person_records", "identity"])
def test_postgres_restarted_in_the_middle_of_a_batch_costs_a_retry_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for name in ("EMPI_POSTGRES_URL", "EMPI_DAGSTER_POSTGRES_URL", "EMPI_S3_BUCKET", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMPI_HOME", str(tmp_path))
    server = embedded._Server(tmp_path / "postgres", "")

    def restart(started: str) -> None:
        if started == step:
            server.stop(immediately=True)
            server.start()

    with pipeline() as running:
        batch_id = deliver(running, {"hospital.csv": HOSPITAL})
        try:
            succeeded = running.run_batch(batch_id, restart).success
        except Exception:  # Dagster's own storage may be what notices first.
            succeeded = False
        if not succeeded:
            assert running.run_batch(batch_id).success
        before = without_ids(running)
        assert before["batches"] == [(batch_id, "applied")]
        assert load(running, {"payer.csv": PAYER}).success
        assert persons(running) == EXPECTED_PERSONS


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded._Server]:
    server = embedded._Server(tmp_path_factory.mktemp("lost") / "postgres", "")
    server.start()
    make_template(server.url)
    yield server
    server.stop(immediately=True)


AT = {"batch": (20, 40), "reject": (25,), "undo": (30,), "rematch": (20, 45), "withdrawal": (45,)}


@pytest.mark.parametrize(
    ("act", "statement"),
    [
        pytest.param(act, number, marks=() if (act, number) in {("batch", 40), ("reject", 25)} else pytest.mark.long)
        for act, numbers in AT.items()
        for number in numbers
    ],
)
def test_postgres_restarted_in_the_middle_of_an_identity_write_costs_a_retry_and_nothing_else(
    own_server: embedded._Server, act: str, statement: int
) -> None:
    name = f"lost_{act}_{statement}"
    with connect(own_server.url, autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE}")
    url = embedded.database_url(own_server.url, name)
    with connect(url) as connection:
        scene(connection)
        before = observe(connection)

    def restart(_connection: CutConnection) -> None:
        own_server.stop(immediately=True)
        own_server.start()

    with pytest.raises(DatabaseError, match="Postgres"), values_withheld(), dying(url, statement, restart) as cut:
        ACTS[act](cut)
    with connect(url) as connection:
        assert observe(connection).same_as(before)
        connection.commit()
        ACTS[act](connection)
        after = observe(connection)
        assert [*wrong_in(after), *map(str, verify(connection))] == []
        assert len(after.changes) == len(before.changes) + 1
