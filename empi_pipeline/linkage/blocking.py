"""Blocking keys: how the candidates of new records are found in an index that does not fit into a scoring step."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage.compiled import BlockingKey, compiled
from empi_pipeline.linkage.features import MODEL_COLUMNS, with_features
from empi_pipeline.linkage.model import MatchModel

MOST_PAIRS: Final = 5_000_000_000
"""Some hours of scoring. A million records in blocks of a hundred make fifty million pairs a rule."""


class HugeBlockError(EmpiError):
    """A blocking rule makes more pairs of a batch than could ever be scored."""


def blocking_keys(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """The keys under which records are filed in the index and looked up from it.

    A key is a hash of the equality part of a blocking rule. Equal parts have equal keys; the rare converse failure and
    a rule's other conditions only bring candidates that the rule itself then refuses.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns.
        model: The match model.

    Returns:
        record_id (int64), k1..kn (int64; NULL where a part is missing, so the record is not found by that rule).
    """
    model_ready = compiled(model)
    with with_features(con, cleaned, model_ready.columns, extra=key_columns(model_ready.keys)) as table:
        names = ", ".join(key.name for key in model_ready.keys)
        return con.sql(f"select record_id, {names} from {table}").to_arrow_table()


def key_columns(keys: Iterable[BlockingKey]) -> list[str]:
    """Select expressions of keys over the record columns."""
    return [f"{_hashed(key)} as {key.name}" for key in keys]


def blocking_lookups(model: MatchModel) -> list[tuple[str, str]]:
    """(key column of new records, key column of the index): a record is a candidate if any of these pairs is equal."""
    return list(compiled(model).lookups)


@dataclass(frozen=True, slots=True)
class BlockSizes:
    """What one lookup of a blocking rule makes of some records, before the rule's other conditions.

    Attributes:
        rule: The expressions whose values must be equal.
        pairs: Pairs of records.
        largest_block: Records with one value.
    """

    rule: str
    pairs: int
    largest_block: int


def block_sizes(con: duckdb.DuckDBPyConnection, keys: pa.Table, model: MatchModel) -> list[BlockSizes]:
    """How many pairs each blocking rule makes among records, to see a huge block before it is scored.

    Args:
        con: A DuckDB connection (scratch).
        keys: The `blocking_keys` of the records.
        model: The match model.
    """
    model_ready = compiled(model)
    sizes = []
    con.register("linkage_keys", keys)
    try:
        for new, index in model_ready.lookups:
            counted = "(select {0} as k, count(*) as n from linkage_keys where {0} is not null group by {0})"
            ((pairs, largest),) = con.sql(
                f"select sum(l.n::hugeint * (l.n - 1)) // 2, max(l.n) from {counted.format(new)} as l"
                if new == index
                else f"select sum(l.n::hugeint * r.n) // 2, max(greatest(l.n, r.n)) from {counted.format(new)} as l"
                f" join {counted.format(index)} as r using (k)"
            ).fetchall()
            sizes.append(BlockSizes(" and ".join(_expressions(model_ready.keys, new)), int(pairs or 0), largest or 0))
    finally:
        con.unregister("linkage_keys")
    return sizes


def blocking_counts(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """`block_sizes` of cleaned records, as a table: key_column, rule, pairs, largest_block."""
    sizes = block_sizes(con, blocking_keys(con, cleaned, model), model)
    return pa.table(
        {
            "key_column": [new for new, _ in compiled(model).lookups],
            "rule": [each.rule for each in sizes],
            "pairs": pa.array([each.pairs for each in sizes], pa.int64()),
            "largest_block": pa.array([each.largest_block for each in sizes], pa.int64()),
        }
    )


def refuse_huge_blocks(sizes: Iterable[BlockSizes]) -> None:
    """Refuse what would not come to an end.

    Raises:
        HugeBlockError: A rule makes more than `MOST_PAIRS` pairs.
    """
    for each in sizes:
        if each.pairs > MOST_PAIRS:
            raise HugeBlockError(
                f"the blocking rule over {each.rule} makes {each.pairs:,} pairs of this batch, {each.largest_block:,}"
                " records have one value of it. Deliver the file in parts; if the value is a placeholder, leave it out"
                " (`columns:` in empi.yaml), else activate a model with narrower blocking rules"
            )


def rules_that_find(
    con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel, left: int, right: int
) -> list[tuple[str, bool]]:
    """The blocking rules of a model, and whether each finds a pair of records, on whichever side each stands.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns of both records.
        model: The match model.
        left: A record id.
        right: Another.
    """
    from empi_pipeline.linkage import expressions

    model_ready = compiled(model)
    trees = [expressions.parse_blocking_rule(rule, MODEL_COLUMNS) for rule in model.blocking_rules]
    finds = ", ".join(f"bool_or(coalesce(({expressions.printed(tree)}), false))" for tree in trees)
    with with_features(con, cleaned, model_ready.columns) as table:
        (found,) = con.execute(
            f"select {finds} from {table} as l join {table} as r on l.record_id <> r.record_id"
            " where l.record_id in ($one, $other) and r.record_id in ($one, $other)",
            {"one": left, "other": right},
        ).fetchall()
    return [(rule, bool(finds_it)) for rule, finds_it in zip(model.blocking_rules, found, strict=True)]


def _expressions(keys: tuple[BlockingKey, ...], name: str) -> tuple[str, ...]:
    return next(key.expressions for key in keys if key.name == name)


def _hashed(key: BlockingKey) -> str:
    """SQL of the hash. MD5, because keys are stored and DuckDB's own hash may change between its versions.

    The separator keeps ("ab", "c") and ("a", "bc") apart; `||` makes the whole NULL if a part is.
    """
    joined = " || chr(31) || ".join(f"cast({expression} as varchar)" for expression in key.expressions)
    return f"cast(md5_number_lower({joined}) >> 1 as bigint)"
