"""Which pairs of prepared records share a block: by their blocking keys, each pair once."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Iterator
from contextlib import contextmanager

from empi_pipeline.linkage.compiled import Block, compiled
from empi_pipeline.linkage.prepared import PreparedRecords
from empi_pipeline.linkage.splink_sql import PAIRS

_FOUND = "linkage_found"


@contextmanager
def blocked_pairs(
    left: PreparedRecords,
    right: PreparedRecords,
    *,
    between: bool = False,
    part: tuple[int, int] = (1, 1),
    left_share: tuple[int, int] = (1, 1),
) -> Iterator[int]:
    """The temporary table `PAIRS` of the pairs that any blocking rule finds; dropped at the end.

    Keys are compared, not what they are made of: integers join several times as fast. Rules that find a pair again add
    nothing, so it does not matter which one was first.

    Args:
        left: Records on the left side.
        right: Records on the right side; the same where pairs within are wanted.
        between: Take every pair of the two sides; else those whose left unique id is the lower one.
        part: Keep the pairs of one part of so many, drawn by a hash: (2, 5) is the second of five.
        left_share: Look only for pairs of one share of so many of the records on the left, written as `part`: memory
            follows the pairs of a share, the work hardly grows.

    Yields:
        How many pairs.
    """
    con, ready = left.con, compiled(left.model)
    uid = ready.unique_id
    order = "" if between else f"and l.{uid} < r.{uid}"
    share, shares = left_share
    if shares > 1:
        order += f" and l.record_id % {shares:d} = {share - 1:d}"
    kind = "bigint" if ready.symmetric else "uhugeint"
    con.execute(f"create or replace temp table {_FOUND} (join_key_l {kind}, join_key_r {kind})")
    try:
        filled_left, filled_right = _filled_keys(left), _filled_keys(right)
        for block in ready.blocks:
            # What no source delivers costs nothing.
            if block.left not in filled_left or block.right not in filled_right:
                continue
            con.execute(
                f"insert into {_FOUND} select l.{uid}, r.{uid} from {left.table} as l join {right.table} as r"
                f" on {_condition(block)} {order}"
            )
        number, parts = part
        con.execute(
            f"create or replace temp table {PAIRS} as select distinct join_key_l, join_key_r from {_FOUND}"
            + (f" where hash(join_key_l, join_key_r) % {parts:d} = {number - 1:d}" if parts > 1 else "")
        )
    finally:
        con.execute(f"drop table {_FOUND}")
    try:
        ((count,),) = con.execute(f"select count(*) from {PAIRS}").fetchall()
        yield int(count)
    finally:
        con.execute(f"drop table {PAIRS}")


def _filled_keys(records: PreparedRecords) -> set[str]:
    names = [key.name for key in compiled(records.model).keys]
    ((*filled,),) = records.con.execute(
        f"select {', '.join(f'count({name}) > 0' for name in names)} from {records.table}"
    ).fetchall()
    return {name for name, is_filled in zip(names, filled, strict=True) if is_filled}


def _condition(block: Block) -> str:
    equal = f"l.{block.left} = r.{block.right}"
    return f"{equal} and ({block.condition})" if block.condition else equal
