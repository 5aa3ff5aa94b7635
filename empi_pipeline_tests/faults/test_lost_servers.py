from pathlib import Path

import pytest

from empi_pipeline.automation.local import Pipeline, pipeline
from empi_pipeline.embedded import postgres as embedded
from empi_pipeline.intake import ledger
from empi_pipeline_tests.deliveries import EXPECTED_PERSONS, HOSPITAL, PAYER, deliver, load, persons, without_ids


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
