"""Marked values go through the pipeline in good rows, bad rows and failures; then every output is searched."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg import sql

from empi_pipeline import cleaning
from empi_pipeline.automation.local import Pipeline
from empi_pipeline.linkage import index_scoring
from empi_pipeline.postgres import connect
from empi_pipeline_tests.deliveries import HEADER, deliver

MARK = "Zqxjcanary"
_HEADER = HEADER.replace(b"phone\n", b"phone,unknown_column\n")
_TAIL = b"Zqxjcanary street,Zqxjcanary,IL,62701,1,Zqxjcanary\n"
DELIVERY = {
    "good.csv": _HEADER
    + (b"lab,Zqxjcanary1,Zqxjcanarya,Zqxjcanaryb,F,1975-12-10,123-45-6789," + _TAIL)
    + (b"lab,Zqxjcanary2,Zqxjcanarya,Zqxjcanaryb,F,Zqxjcanary,Zqxjcanary," + _TAIL)
    + b"lab,Zqxjcanary3,too,few,Zqxjcanary\n"
    + b"lab,,no,Zqxjcanary,,,,,,,,,\n"
    + (b"lab,Zqxjcanary4," + b"Zqxjcanary" * 2_000 + b",,,,,,,,,,\n")
    + b"lab,Zqxjcanary5,Zqxjcanary\xff,,,,,,,,,,\n",
    "broken.parquet": b"PAR1Zqxjcanary",
    "no-header.csv": b"Zqxjcanary,Zqxjcanary\nlab,Zqxjcanary\n",
    "broken.ndjson": b'{"data_source": "lab", "source_person_id": "Zqxjcanary", "first_name": Zqxjcanary}\n',
    "unclosed.csv": HEADER + b'lab,Zqxjcanary6,"Zqxjcanary\n' * 3,
}


@pytest.fixture
def outputs(
    running: Pipeline, environment: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Callable[[], dict[str, str]]:
    """Everything that is written beside the tables made for records."""
    caplog.set_level(logging.DEBUG)

    def gathered() -> dict[str, str]:
        printed = capfd.readouterr()
        found = {"stdout": printed.out, "stderr": printed.err, "logging": caplog.text}
        for file in environment.rglob("*"):
            if file.is_file() and not {"data", "cluster"} & set(file.relative_to(environment).parts):
                found[str(file)] = file.read_bytes().decode(errors="replace")
        found |= _rows(running.servers.dagster_postgres_url, ["public"])
        found |= _rows(running.servers.postgres_url, ["intake", "identity", "empi"])
        return found

    return gathered


def _rows(url: str, schemas: list[str]) -> dict[str, str]:
    with connect(url) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname = any(%s)", [schemas]
        ).fetchall()
        return {
            f"{schema}.{table}": "\n".join(
                str(row[0])
                for row in connection.execute(
                    sql.SQL("select each::text from {} as each").format(sql.Identifier(schema, table))
                ).fetchall()
            )
            for schema, table in tables
        }


def _where_marked(outputs: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, text in outputs.items():
        at = text.lower().find(MARK.lower())
        if at >= 0:
            found[name] = text[max(0, at - 200) : at + 50]
    return found


def test_good_and_bad_rows_leave_no_value_outside_their_tables(
    running: Pipeline, outputs: Callable[[], dict[str, str]]
) -> None:
    outcome = running.run_batch(deliver(running, DELIVERY))
    assert outcome.success, outcome
    with running.connect() as connection:
        assert connection.execute("select count(*) from raw.rejected_rows").fetchone() == (5,)
        assert connection.execute("select count(*) from intake.arrivals where status = 'failed'").fetchone() == (3,)
    searched = outputs()
    assert "public.event_logs" in searched
    assert len(searched["public.event_logs"]) > 10_000
    assert _where_marked(searched) == {}


def _duckdb_quotes_a_value(*_arguments: object, **_options: object) -> None:
    import duckdb

    duckdb.connect().execute(f"select cast('{MARK}' as integer)")


def _python_quotes_a_value(*_arguments: object, **_options: object) -> None:
    try:
        int(MARK)
    except ValueError as error:
        raise KeyError(MARK) from error


@pytest.mark.parametrize("failing", [_duckdb_quotes_a_value, _python_quotes_a_value])
def test_foreign_errors_that_quote_values_reach_no_log_and_no_event(
    running: Pipeline,
    outputs: Callable[[], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    failing: Callable[..., None],
) -> None:
    monkeypatch.setattr(cleaning, "clean", failing)
    outcome = running.run_batch(deliver(running, DELIVERY))
    assert not outcome.success
    assert outcome.failed_step == "cleaned__person_records"
    assert "unexpected" in (outcome.error or "")
    searched = outputs()
    assert "dagster.redacted_errors" in searched["logging"], "the place of the error is logged"
    assert _where_marked(searched) == {}


def test_a_constraint_of_postgres_that_quotes_the_key_reaches_no_log_and_no_event(
    running: Pipeline, outputs: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(connection, _scored):  # type: ignore[no-untyped-def]
        connection.execute("create temporary table once (value text primary key)")
        connection.execute("insert into once values (%s), (%s)", [MARK, MARK])

    monkeypatch.setattr(index_scoring, "store", refused)
    outcome = running.run_batch(deliver(running, {"good.csv": DELIVERY["good.csv"]}))
    assert not outcome.success
    assert "once_pkey" in (outcome.error or "")
    assert _where_marked(outputs()) == {}


def test_the_search_finds_a_value_where_there_is_one(running: Pipeline, outputs: Callable[[], dict[str, str]]) -> None:
    with running.connect() as connection:
        connection.execute("insert into intake.batches (batch_id, failure_reason) values ('b', %s)", [f"of {MARK}"])
    sys.stdout.write(MARK.lower())
    assert set(_where_marked(outputs())) == {"stdout", "intake.batches"}
