"""Many small files, taken in together, beside the same files taken in one by one."""

import gzip
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.intake import taking_in
from empi_pipeline.intake.rows import REJECTED_SCHEMA
from empi_pipeline.intake.taking_in import take_in
from empi_pipeline.intake.withdrawn import WithdrawnIdentities
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.deliveries import HEADER, deliver

ROW = b"hospital,h%d,Ada,Lovelace,F,1975-12-10,,12 Main Street,Springfield,IL,62701,\n"


def files(folder: str) -> dict[str, bytes]:
    """Small ones with the same content, a bad row, another layout, unreadable, empty; and large ones among them."""
    small = {f"{folder}/{n:02d}.csv": HEADER + ROW % (2 * n) + ROW % (2 * n + 1) for n in range(18)}
    small[f"{folder}/05.csv"] = small[f"{folder}/04.csv"]
    small[f"{folder}/07.parquet"] = b"PAR1 cut off"
    small[f"{folder}/08.csv"] += b"hospital,,Nobody,,,,,,,,,\n"
    small[f"{folder}/09.csv"] = HEADER + b"".join(ROW % n for n in range(1000, 2500))
    small[f"{folder}/10.csv"] = b""
    small[f"{folder}/11.csv"] = (
        b'source_person_id,note,data_source,last_name\r\nh99,"two\r\nlines",lab,Hopper\r\nh98,,lab,""'
    )
    small[f"{folder}/12.ndjson"] = b'{"data_source": "lab", "source_person_id": 7, "last_name": "Hopper"}\nnone\n'
    # Looks small, and is so large that it must be streamed.
    small[f"{folder}/13.csv.gz"] = gzip.compress(HEADER + b"".join(ROW % n for n in range(3000, 18000)), mtime=0)
    small[f"{folder}/14.csv"] += b"hospital,h3\n" + ROW % 3
    small[f"{folder}/15.csv"] = HEADER
    return {name: small[name] for name in sorted(small)}


def taken(running: Pipeline, folder: str) -> tuple[list[Any], list[Any], list[Any]]:
    """What a drop of these files leaves: arrivals, contents in the order of their ids, and rejected rows."""
    batch_id = deliver(running, files(folder))
    with open_scratch() as con:
        arrivals = take_in(running.connect, running.object_store(), con, batch_id, running.settings)
    told = [
        (
            *(each.object_key.rpartition("/")[2], each.status, each.reason_code, each.reason and each.reason[-30:]),
            *(each.delivered, each.new, each.known, each.rejected_by_reason, each.unknown_columns),
        )
        for each in arrivals
    ]
    with running.connect() as connection:
        contents = connection.execute(
            "select right(object_key, 9), line_number, encode(content_hash, 'hex') from raw.person_records"
            " join intake.arrivals using (arrival_id) order by record_id"
        ).fetchall()
        rejected = connection.execute(
            "select right(object_key, 9), line_number, rejected_rows.reason_code, content from raw.rejected_rows"
            " join intake.arrivals using (arrival_id) order by arrival_id, line_number"
        ).fetchall()
        connection.execute("delete from raw.person_records")
        connection.execute("delete from raw.rejected_rows")
    return told, contents, rejected


def test_small_files_taken_in_together_leave_what_they_leave_one_by_one(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_together, apart = [], []
    together_before, object_before = taking_in._store_together, taking_in._take_in_object

    def noting_together(connect: Any, con: Any, objects: Any, limits: Any) -> None:
        stored_together.append(len(objects))
        together_before(connect, con, objects, limits)

    def noting_object(*given: Any) -> None:
        apart.append(given[3].object_key.rpartition("/")[2])
        object_before(*given)

    monkeypatch.setattr(taking_in, "_store_together", noting_together)
    monkeypatch.setattr(taking_in, "_take_in_object", noting_object)
    monkeypatch.setattr(taking_in, "_MANY", 5)
    together = taken(running, "a")
    # Ten before the large file; behind it five, the one that unpacks to more than it seems, and four.
    assert stored_together == [10, 5, 4]
    assert apart == ["09.csv", "13.csv.gz"]
    assert [each[1] for each in together[0]].count("failed") == 1
    assert sum(each[5] for each in together[0]) == len(together[1]) == 8 * 2 + 1500 + 2 + 2 + 1 + 2 + 15000 + 3 * 2
    assert sum(each[6] for each in together[0]) == 2 + 1
    assert together[2] == [
        ("/a/08.csv", 4, "missing_source_person_id", b"hospital,,Nobody,,,,,,,,,"),
        ("12.ndjson", 2, "unparsable_row", b"none"),
        ("/a/14.csv", 4, "field_count", b"hospital,h3"),
    ]
    monkeypatch.setattr(taking_in, "_MANY", 1_000)
    told, contents, rejected = taken(running, "b")
    assert stored_together == [10, 5, 4]
    assert told == together[0]
    assert [(key.replace("/b/", "/a/"), *rest) for key, *rest in contents] == together[1]
    assert [(key.replace("/b/", "/a/"), *rest) for key, *rest in rejected] == together[2]


def test_rows_of_withdrawn_persons_are_rejected_in_the_files_they_came_in(
    running: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def withdrawn(_: Any, accepted: Any) -> Any:
        """The second row of the third file, wherever that is among them."""
        gone = pc.equal(accepted["source_person_id"], "h5")
        lines = accepted.filter(gone)["line_number"]
        nothing = pa.nulls(len(lines), pa.string())
        refused = pa.table([lines, pa.array(["withdrawn"] * len(lines)), nothing, nothing], REJECTED_SCHEMA.names)
        return accepted.filter(pc.invert(gone)), refused.cast(REJECTED_SCHEMA)

    monkeypatch.setattr(WithdrawnIdentities, "set_apart", withdrawn)
    batch_id = deliver(running, {f"{n:02d}.csv": HEADER + ROW % (2 * n) + ROW % (2 * n + 1) for n in range(12)})
    with open_scratch() as con:
        arrivals = take_in(running.connect, running.object_store(), con, batch_id, running.settings)
    assert [(each.new, each.rejected_by_reason) for each in arrivals] == [
        (1, {"withdrawn": 1}) if n == 2 else (2, {}) for n in range(12)
    ]
    with running.connect() as connection:
        rejected = connection.execute("select arrival_id, line_number from raw.rejected_rows").fetchall()
    assert rejected == [(arrivals[2].arrival_id, 3)]


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
