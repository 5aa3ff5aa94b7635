"""What training asks Splink: records as a table with the columns a rule blocks on kept apart, and bare settings."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from empi_pipeline.linkage import expressions
from empi_pipeline.linkage.compiled import CompiledModel
from empi_pipeline.linkage.features import MODEL_COLUMNS, with_features
from empi_pipeline.linkage.training.parameters import Floats, Parameters, compared_levels

if TYPE_CHECKING:
    from splink import DuckDBAPI

_BLOCKED: Final = "blocked_on_"
_LEVEL_KEYS: Final = ("sql_condition", "label_for_charts", "is_null_level")


@contextmanager
def training_table(con: duckdb.DuckDBPyConnection, records: pa.Table, ready: CompiledModel) -> Iterator[str]:
    """A table of records with every column of the model twice: to compare, and to block on.

    Splink leaves a comparison out of a training session as soon as it names a column of the rule, also where only a
    level does that training leaves alone; under a second name it is ours to say which take part.
    """
    twice = [f'"{column}" as "{_BLOCKED}{column}"' for column in MODEL_COLUMNS]
    with with_features(con, records, MODEL_COLUMNS, twice) as table:
        yield table


def rule_on_copies(rule: str) -> str:
    """A blocking rule (as compiled) over the second names of its columns."""
    from sqlglot import exp

    tree = expressions.parse_blocking_rule(rule, MODEL_COLUMNS)
    for column in tree.find_all(exp.Column):
        column.set("this", exp.to_identifier(f"{_BLOCKED}{column.name.lower()}", quoted=True))
    return expressions.printed(tree)


def columns_of_rule(rule: str) -> set[str]:
    """Record columns that a blocking rule names."""
    from sqlglot import exp

    tree = expressions.parse_blocking_rule(rule, MODEL_COLUMNS)
    return {column.name.lower() for column in tree.find_all(exp.Column)}


def trained_columns(comparison: Mapping[str, Any], of: Parameters) -> set[str]:
    """Record columns that the levels of a comparison name whose m may change."""
    from sqlglot import exp

    found: set[str] = set()
    for level, keeps in zip(compared_levels(comparison), of.keeps_m, strict=True):
        if keeps or level["sql_condition"].strip().upper() == "ELSE":
            continue
        tree = expressions.parse_comparison(level["sql_condition"], MODEL_COLUMNS)
        found |= {column.name.lower()[:-2] for column in tree.find_all(exp.Column)}
    return found


def bare_settings(
    comparisons: Sequence[Mapping[str, Any]], start: Sequence[Parameters] | None, prior: float
) -> dict[str, Any]:
    """Splink settings of some comparisons, without term frequencies.

    Args:
        comparisons: In Splink's form (compiled).
        start: Their probabilities, in the same order; none when they are to be found.
        prior: Share of true pairs to start with.
    """
    bare = []
    for number, comparison in enumerate(comparisons):
        levels = []
        place = iter(range(len(comparison["comparison_levels"])))
        for level in comparison["comparison_levels"]:
            kept = {key: level[key] for key in _LEVEL_KEYS if level.get(key) is not None}
            if start is not None and level.get("is_null_level") is not True:
                at = next(place)
                kept |= {"m_probability": float(start[number].m[at]), "u_probability": float(start[number].u[at])}
                kept["fix_m_probability"] = bool(start[number].keeps_m[at])
            levels.append(kept)
        bare.append({"output_column_name": comparison["output_column_name"], "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_id",
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": bare,
    }


def pairs_with_values(
    con: duckdb.DuckDBPyConnection, table: str, comparisons: Sequence[Mapping[str, Any]], rule: str
) -> tuple[int, list[int]]:
    """How many pairs of records a rule makes, and how many of them each comparison has values for."""
    wanted = MODEL_COLUMNS if comparisons else ("record_id",)
    columns = ", ".join(f'l."{column}" as "{column}_l", r."{column}" as "{column}_r"' for column in wanted)
    missing = [
        next((level["sql_condition"] for level in each["comparison_levels"] if level.get("is_null_level")), "false")
        for each in comparisons
    ]
    counted = "".join(f", count(*) filter (where not coalesce({condition}, false))" for condition in missing)
    (row,) = con.execute(
        f"with pairs as (select {columns} from {table} as l join {table} as r on ({rule}) "
        f"and l.record_id < r.record_id) select count(*){counted} from pairs"
    ).fetchall()
    return int(row[0]), [int(count) for count in row[1:]]


@contextmanager
def splink_on(con: duckdb.DuckDBPyConnection) -> Iterator["DuckDBAPI"]:
    """Splink on a DuckDB; what it made is dropped at the end, and it says nothing: it may quote values of records."""
    from splink import DuckDBAPI

    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    api = DuckDBAPI(connection=con)
    try:
        yield api
    finally:
        logger.setLevel(level)
        api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


def shares_of(levels: Iterable[float]) -> Floats:
    """Probabilities of levels as an array that sums to 1, or to 0 if none was seen."""
    shares = np.array(list(levels), float)
    return shares / shares.sum() if shares.sum() > 0 else shares
