"""Many small files, taken in together, beside the same files taken in one by one."""

from typing import Any

import pytest

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.intake import taking_in
from empi_pipeline.intake.taking_in import take_in
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.deliveries import HEADER, deliver

ROW = b"hospital,h%d,Ada,Lovelace,F,1975-12-10,,12 Main Street,Springfield,IL,62701,\n"


def files(folder: str) -> dict[str, bytes]:
    """A dozen: two with the same content, one unreadable in the middle, one with a bad row, one large, one empty."""
    small = {f"{folder}/{n:02d}.csv": HEADER + ROW % (2 * n) + ROW % (2 * n + 1) for n in range(14)}
    small[f"{folder}/05.csv"] = small[f"{folder}/04.csv"]
    small[f"{folder}/07.parquet"] = b"PAR1 cut off"
    small[f"{folder}/08.csv"] += b"hospital,,Nobody,,,,,,,,,\n"
    small[f"{folder}/09.csv"] = HEADER + b"".join(ROW % n for n in range(1000, 2500))
    small[f"{folder}/10.csv"] = b""
    return small


def taken(running: Pipeline, folder: str) -> tuple[list[Any], list[Any], list[Any]]:
    """What a drop of these files leaves: arrivals, contents and rejected rows."""
    batch_id = deliver(running, files(folder))
    with open_scratch() as con:
        arrivals = take_in(running.connect, running.object_store(), con, batch_id, running.settings)
    told = [
        (each.object_key[-6:], each.status, each.reason_code, each.delivered, each.new, each.known, each.rejected)
        for each in arrivals
    ]
    with running.connect() as connection:
        contents = connection.execute(
            "select right(object_key, 6), line_number, encode(content_hash, 'hex') from raw.person_records"
            " join intake.arrivals using (arrival_id) order by 3"
        ).fetchall()
        rejected = connection.execute("select line_number, reason_code from raw.rejected_rows").fetchall()
        connection.execute("delete from raw.person_records")
        connection.execute("delete from raw.rejected_rows")
    return told, contents, rejected


def test_small_files_taken_in_together_leave_what_they_leave_one_by_one(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = taken(running, "a")
    assert [each[1] for each in together[0]].count("failed") == 1
    assert sum(each[4] for each in together[0]) == len(together[1]) == 2 * 11 + 1500
    assert sum(each[5] for each in together[0]) == 2
    assert together[2] == [(4, "missing_source_person_id")]
    monkeypatch.setattr(taking_in, "_MANY", 1_000)
    assert taken(running, "b") == together


def test_where_another_batch_brings_the_same_content_at_this_moment_they_are_taken_in_one_by_one(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other batch is not seen when looking for known content, and is in the way when storing."""
    load_first = deliver(running, {"first/1.csv": HEADER + ROW % 3})
    with open_scratch() as con:
        take_in(running.connect, running.object_store(), con, load_first, running.settings)
    looked = taking_in._known
    blind: list[bool] = [True]

    def not_seen_once(connection: Any, hashes: Any) -> Any:
        found = looked(connection, hashes)
        if blind and len(found):
            blind.clear()
            return found.slice(0, 0)
        return found

    monkeypatch.setattr(taking_in, "_known", not_seen_once)
    drop = {f"drop/{n:02d}.csv": HEADER + ROW % n for n in range(12)}
    batch_id = deliver(running, drop)
    with open_scratch() as con:
        arrivals = take_in(running.connect, running.object_store(), con, batch_id, running.settings)
    assert not blind
    assert [(each.new, each.known) for each in arrivals] == [(0, 1) if n == 3 else (1, 0) for n in range(12)]
