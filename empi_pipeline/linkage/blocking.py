"""Blocking keys: how the candidates of new records are found in an index that does not fit into a scoring step."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.compiled import BlockingKey, compiled
from empi_pipeline.linkage.features import MODEL_COLUMNS, with_features
from empi_pipeline.linkage.model import MatchModel


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
    hashed = [f"{_hashed(key)} as {key.name}" for key in model_ready.keys]
    with with_features(con, cleaned, model_ready.columns, extra=hashed) as table:
        names = ", ".join(key.name for key in model_ready.keys)
        return con.sql(f"select record_id, {names} from {table}").to_arrow_table()


def blocking_lookups(model: MatchModel) -> list[tuple[str, str]]:
    """(key column of new records, key column of the index): a record is a candidate if any of these pairs is equal."""
    return list(compiled(model).lookups)


def blocking_counts(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel) -> pa.Table:
    """How many pairs each key column makes among these records, to see a huge block before it is scored.

    Returns:
        key_column, rule (its expressions), pairs (record pairs, before other conditions), largest_block (records).
    """
    model_ready = compiled(model)
    hashed = [f"{_hashed(key)} as {key.name}" for key in model_ready.keys]
    with with_features(con, cleaned, model_ready.columns, extra=hashed) as table:
        parts = []
        for new, index in model_ready.lookups:
            rule = " and ".join(_expressions(model_ready.keys, new)).replace("'", "''")
            parts.append(
                f"select '{new}' as key_column, '{rule}' as rule, "
                f"coalesce(sum(l.n * r.n - {'l.n' if new == index else '0'}), 0)::bigint // 2 as pairs, "
                f"coalesce(max(l.n), 0)::bigint as largest_block "
                f"from (select {new} as k, count(*) as n from {table} where {new} is not null group by all) as l join "
                f"(select {index} as k, count(*) as n from {table} where {index} is not null group by all) as r "
                f"using (k)"
            )
        return con.sql(" union all ".join(parts)).to_arrow_table()


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
