"""Candidates by stored keys: recent ones, filed ones, and those of plain comparison, are the same."""

import random

import pyarrow as pa
import pytest

from empi_pipeline.linkage import key_index
from empi_pipeline.postgres import Connection, copy_in

LOOKUPS = [("k1", "k1"), ("k2", "k3"), ("k3", "k2")]
NAMES = ["k1", "k2", "k3"]
MODEL = 7


def some_keys(first: int, count: int, seed: int) -> pa.Table:
    rng = random.Random(seed)
    columns = {name: pa.array([rng.choice([None, *range(40)]) for _ in range(count)], pa.int64()) for name in NAMES}
    return pa.table({"record_id": pa.array(range(first, first + count), pa.int64()), **columns})


def indexed(connection: Connection, keys: pa.Table) -> None:
    """Records of the index with these keys."""
    ids = keys.select(["record_id"])
    texts = {"data_source": ["test"] * ids.num_rows, "source_person_id": [str(n) for n in ids["record_id"].to_pylist()]}
    cleaned = pa.table({"record_id": ids["record_id"], **{name: pa.array(each) for name, each in texts.items()}})
    copy_in(connection, "cleaned.person_records", cleaned, constants={"batch_id": "b"})
    person = "00000000-0000-4000-8000-000000000000"
    copy_in(connection, "identity.membership", ids, constants={"person_id": person, "change_id": 1})
    key_index.save_keys(connection, MODEL, keys)


def found(connection: Connection, keys: pa.Table) -> list[int]:
    return sorted(key_index.candidates(connection, MODEL, keys, LOOKUPS)["record_id"].to_pylist())


def compared_plainly(new: pa.Table, known: list[pa.Table]) -> list[int]:
    return sorted(
        record["record_id"]
        for table in known
        for record in table.to_pylist()
        if any(
            one[ours] is not None and one[ours] == record[theirs] for one in new.to_pylist() for ours, theirs in LOOKUPS
        )
    )


def filed_and_recent(connection: Connection) -> list[int]:
    tables = [f"only matching.blocking_keys_{MODEL}", f"matching.blocking_keys_{MODEL}_recent"]
    return [connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in tables]


def test_small_batches_wait_unfiled_and_candidates_are_those_of_plain_comparison(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_index, "_INDEXED_FROM_ROWS", 50)
    known = [some_keys(1, 60, 1), some_keys(101, 20, 2), some_keys(201, 20, 3), some_keys(301, 20, 4)]
    new = some_keys(1001, 4, 5)
    counts = []
    for place, keys in enumerate(known, start=1):
        indexed(connection, keys)
        counts.append(filed_and_recent(connection))
        assert found(connection, new) == compared_plainly(new, known[:place])
    # A large batch is filed at once; small ones wait until there are fifty.
    assert counts == [[60, 0], [60, 20], [60, 40], [120, 0]]


def test_a_batch_tried_again_leaves_no_keys_of_the_first_attempt(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_index, "_INDEXED_FROM_ROWS", 50)
    for keys, batch_id in ((some_keys(1, 60, 1), "large"), (some_keys(101, 20, 2), "small")):
        connection.execute(
            "insert into raw.person_records overriding system value"
            " select record_id, %s, 1, record_id, int8send(record_id), 'test', record_id::text"
            " from unnest(%s::bigint[]) as record_id",
            [batch_id, keys["record_id"].to_pylist()],
        )
        key_index.save_keys(connection, MODEL, keys)
    key_index.forget_keys(connection, MODEL, "small")
    assert filed_and_recent(connection) == [60, 0]
    key_index.forget_keys(connection, MODEL, "large")
    assert filed_and_recent(connection) == [0, 0]


def test_those_who_read_the_table_of_keys_read_the_recent_ones_too(connection: Connection) -> None:
    indexed(connection, some_keys(1, 3, 1))
    counted = connection.execute(f"select count(*) from matching.blocking_keys_{MODEL}").fetchone()
    assert counted == (3,)
    assert key_index.records_without_keys(connection, MODEL, 10).num_rows == 0
    connection.execute(f"delete from matching.blocking_keys_{MODEL} where record_id = 2")  # As an erasure does.
    assert filed_and_recent(connection) == [0, 2]
