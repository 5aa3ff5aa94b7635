"""Marked values go through the whole pipeline and are withdrawn; then every table of the index is searched."""

from collections.abc import Callable

import pytest
from psycopg import sql

from empi_pipeline import cleaning
from empi_pipeline.automation.local import Pipeline
from empi_pipeline.identity.decisions import merge
from empi_pipeline.identity.verify import verify
from empi_pipeline.identity.withdrawal import Withdrawal, lift, withdraw
from empi_pipeline.linkage import index_scoring
from empi_pipeline.publishing import changes_since, export_new_changes, publish
from empi_pipeline.sql import load as sql_file
from empi_pipeline_tests.deliveries import EXPECTED_PERSONS, HEADER, HOSPITAL, PAYER, deliver, load, persons

MARK = "zqxjcanary"
_HEADER = HEADER.replace(b"phone\n", b"phone,email,unknown_column\n")
MARKED = _HEADER + (
    b"clinic,Zqxjcanary1,Zqxjcanarya,Zqxjcanaryb,F,1975-12-10,123-45-6789,12 Zqxjcanary Street,Zqxjcanary,IL,62701,"
    b"217-555-1234,zqxjcanary@example.org,Zqxjcanary\n"
    b"clinic,Zqxjcanary1,Zqxjcanarya,Zqxjcanaryc,F,1975-12-10,123-45-6789,12 Zqxjcanary Street,Zqxjcanary,IL,62701,"
    b"217-555-1234,,\n"
    b"clinic,Zqxjcanary1,too,few,Zqxjcanary\n"
    b"clinic,other,Anna,Miller,F,1980-01-31,,,,,,,,\n"
)


def _where_marked(running: Pipeline) -> set[str]:
    """Tables with the mark in any column, as text or as bytes."""
    with running.connect() as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert len(tables) > 25
        return {
            f"{schema}.{table}"
            for schema, table in tables
            for found in connection.execute(
                sql.SQL(
                    "select count(*) from {} as each where each::text ilike %(mark)s or each::text ilike %(bytes)s"
                    " or each::text ilike %(other)s"
                ).format(sql.Identifier(schema, table)),
                {
                    "mark": f"%{MARK}%",
                    "bytes": f"%{MARK.encode().hex()}%",
                    "other": f"%{MARK.capitalize().encode().hex()}%",
                },
            ).fetchall()
            if found[0]
        }


def _erase(running: Pipeline) -> Withdrawal:
    with running.connect() as connection:
        return withdraw(connection, "clinic", "Zqxjcanary1", actor="dpo", note="request 2026-17")


def _problems(running: Pipeline) -> list[str]:
    with running.connect() as connection:
        return [str(problem) for problem in verify(connection)]


def _counts(running: Pipeline) -> list[tuple[int, ...]]:
    with running.connect() as connection:
        return connection.execute(
            "select rows_delivered, rows_new, rows_known, rows_rejected, rows_withdrawn from intake.arrivals"
            " order by arrival_id"
        ).fetchall()


def test_a_withdrawn_source_identity_is_in_no_table_and_does_not_come_back_until_that_is_lifted(
    running: Pipeline,
) -> None:
    assert load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER, "clinic.csv": MARKED}).success
    with running.connect() as connection:
        owners = dict(
            connection.execute("select source_person_id, person_id::text from publishing.crosswalk").fetchall()
        )
        versions = dict(connection.execute("select person_id::text, version from identity.persons").fetchall())
        pair = [(owners[name], versions[owners[name]]) for name in ("Zqxjcanary1", "h3")]
        merge(connection, pair, actor="ann", note="ZQXJCANARYA says so")
        for text in ("called Zqxjcanaryb", "was called twice"):
            about = {"case_id": None, "person_id": owners["h3"], "actor": "ann", "note": text}
            connection.execute(sql_file("identity/note_add"), about)
            connection.execute(sql_file("identity/note_add"), {**about, "person_id": owners["Zqxjcanary1"]})
        publish(connection)
    with running.connect(autocommit=True) as connection:
        export_new_changes(connection, running.object_store())
    before = _where_marked(running)
    assert before >= {
        "raw.person_records", "raw.rejected_rows", "cleaned.person_records", "identity.notes",
            "identity.changes", "identity.decisions",
        "publishing.crosswalk", "publishing.crosswalk_changes", "matching.term_frequencies",
    }  # fmt: skip

    done = _erase(running)
    assert _where_marked(running) == set()
    assert (done.erased.records, done.erased.rejected_rows, done.ledger_notes_erased) == (2, 1, 1)
    assert (done.notes_erased, done.notes_left) == (2, 2)
    assert [(held.key, held.rows) for held in done.erased.objects] == [("inbox/clinic.csv", 3)]
    assert done.exports == ["exports/crosswalk_changes/1.csv"]
    assert _problems(running) == []

    assert load(running, {"again.csv": MARKED}).success
    assert _where_marked(running) == {"raw.rejected_rows"}
    with running.connect() as connection:
        assert connection.execute(
            "select count(*) from raw.rejected_rows where reason_code = 'withdrawn' and content is null"
        ).fetchone() == (2,)
    assert _counts(running)[-2:] == [(4, 3, 0, 1, 2), (4, 0, 1, 3, 0)]
    # A faulty row has no source identity to go by; withdrawing once more takes it, too.
    again = _erase(running)
    assert (again.erased.records, again.erased.rejected_rows) == (0, 1)
    assert _where_marked(running) == set()
    assert _problems(running) == []

    with running.connect() as connection:
        lift(connection, "clinic", "Zqxjcanary1", actor="dpo", note="she is back")
    assert load(running, {"back.csv": MARKED}).success
    assert _counts(running)[-1] == (4, 2, 1, 1, 0)
    assert ("clinic", "Zqxjcanary1") in {identity for person in persons(running) for identity in person}
    assert _problems(running) == []


def _follow(running: Pipeline, copy: set[tuple[str, str, str]], after: int) -> int:
    """Bring a follower's copy of the crosswalk up to the newest entry of the change feed."""
    with running.connect() as connection:
        for change in changes_since(connection, after):
            if change.kind == "withdrawn":
                copy -= {row for row in copy if row[2] == change.person_id}
            elif change.data_source is not None and change.source_person_id is not None:
                copy ^= {(change.data_source, change.source_person_id, change.person_id)}
            after = change.change_no
    return after


@pytest.mark.long
def test_a_follower_of_the_change_feed_drops_what_was_withdrawn_and_is_not_told_its_id(running: Pipeline) -> None:
    load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    copy: set[tuple[str, str, str]] = set()
    after = _follow(running, copy, 0)
    with running.connect() as connection:
        withdraw(connection, "payer", "p1", actor="dpo")
    with running.connect() as connection:
        assert publish(connection).removed == 1
        told = changes_since(connection, after)
        assert [(change.kind, change.source_person_id) for change in told] == [
            ("withdrawn", None), ("added", "h1"), ("added", "p3"),
        ]  # fmt: skip
    _follow(running, copy, after)
    with running.connect() as connection:
        rows = connection.execute("select data_source, source_person_id, person_id::text from publishing.crosswalk")
        assert copy == set(rows.fetchall())
    late: set[tuple[str, str, str]] = set()
    _follow(running, late, 0)
    assert late == copy


@pytest.mark.long
@pytest.mark.parametrize("step", ["clean", "store"])
def test_what_is_withdrawn_while_its_batch_runs_leaves_nothing(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    module, name = {"clean": (cleaning, "clean"), "store": (index_scoring, "store")}[step]
    usual: Callable[..., object] = getattr(module, name)

    def overtaken(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(module, name, usual)
        if step == "store":
            _erase(running)
            return usual(*arguments, **options)
        made = usual(*arguments, **options)
        _erase(running)
        return made

    assert load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER}).success
    batch_id = deliver(running, {"clinic.csv": MARKED})
    monkeypatch.setattr(module, name, overtaken)
    outcome = running.run_batch(batch_id)
    assert outcome.success, outcome
    assert _where_marked(running) == set()
    assert persons(running) == {*EXPECTED_PERSONS, frozenset({("clinic", "other")})}
    assert _problems(running) == []
    assert running.run_batch(batch_id).success, "the checks still reconcile when it is run again"
