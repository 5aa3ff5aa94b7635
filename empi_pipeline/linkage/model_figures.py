"""What a model makes of records before any is matched: which it could never match, and what blocking compares."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from empi_pipeline import linkage
from empi_pipeline.linkage.compiled import compiled
from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import MatchModel


@dataclass(frozen=True, slots=True)
class RulePairs:
    """What one blocking rule (or its mirror image) compares among some records.

    Attributes:
        rule: Its SQL.
        pairs: Pairs of records that it finds.
        new_pairs: Those that no rule before it finds.
    """

    rule: str
    pairs: int
    new_pairs: int


def self_weights(
    con: duckdb.DuckDBPyConnection, model: MatchModel, frequencies: pa.Table, records: pa.Table
) -> Sequence[float]:
    """The match weight (bits) of each record with a copy of itself, ascending: below a threshold, nothing matches it.

    Args:
        con: A DuckDB connection (scratch).
        model: The match model.
        frequencies: Frozen into it.
        records: `record_id` and the cleaned columns.
    """
    count = records.num_rows
    numbers = [pa.array(np.arange(first, first + count), pa.int64()) for first in (0, count)]
    place = records.column_names.index("record_id")
    both = pa.concat_tables([records.set_column(place, "record_id", each) for each in numbers])
    pairs = pa.table({"record_id_l": numbers[0], "record_id_r": numbers[1]})
    scored = linkage.predict_pairs(con, model, frequencies, both, pairs)
    return sorted(scored["match_weight"].to_pylist())


def rule_pairs(con: duckdb.DuckDBPyConnection, records: pa.Table, model: MatchModel) -> list[RulePairs]:
    """The pairs that each blocking rule finds, and those it adds to the rules before it.

    Args:
        con: A DuckDB connection (scratch).
        records: `record_id` and the cleaned columns, as the model sees them.
        model: The match model.
    """
    ready = compiled(model)
    found = []
    with with_features(con, records, ready.columns) as table:
        for number, rule in enumerate(ready.rules):
            earlier = " or ".join(f"coalesce(({each}), false)" for each in ready.rules[:number]) or "false"
            ((pairs, new),) = con.execute(
                f"select count(*), count(*) filter (where not ({earlier})) from {table} as l join {table} as r"
                f" on ({rule}) and l.record_id < r.record_id"
            ).fetchall()
            found.append(RulePairs(rule, int(pairs), int(new)))
    return found
