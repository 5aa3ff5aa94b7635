"""Predictions by DuckDB, in this process: pairs that share a block, scored by the statement that Splink writes."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from empi_pipeline.linkage.pairs import blocked_pairs
from empi_pipeline.linkage.predictions import PREDICTION_SCHEMA, weight_limit
from empi_pipeline.linkage.prepared import PreparedRecords
from empi_pipeline.linkage.splink_sql import LEFT, RIGHT, scoring_sql
from empi_pipeline.linkage.term_frequency import learnt_factors

_PAIRS_AT_ONCE: Final = 2_000_000
"""Pairs scored by one statement, to bound memory."""

_RECORDS_AT_ONCE: Final = 125_000
"""Records whose pairs are looked for at once, for the same."""


class DuckDBEngine:
    """Predictions by DuckDB, in this process (`engine.PredictionEngine`)."""

    def predictions(
        self,
        left: PreparedRecords,
        right: PreparedRecords,
        *,
        between: bool = False,
        chunks: int = 1,
        part: tuple[int, int] = (1, 1),
    ) -> Iterator[pa.Table]:
        """As the protocol says."""
        shares = max(chunks, -(-left.count // _RECORDS_AT_ONCE))
        for share in range(1, shares + 1):
            with blocked_pairs(left, right, between=between, part=part, left_share=(share, shares)) as count:
                yield from scored(left, right, count)


def scored(left: PreparedRecords, right: PreparedRecords, pairs: int, *, every: bool = False) -> Iterator[pa.Table]:
    """Predictions of the pairs in `PAIRS`, in parts; of all of them if `every`, however unlikely."""
    con, model = left.con, left.model
    sql = scoring_sql(model, learnt_factors(left.learnt), None if every else weight_limit(model))
    potential = -1.0 if every else model.potential_threshold
    con.execute(f"create or replace temp view {LEFT} as select * from {left.table}")
    con.execute(f"create or replace temp view {RIGHT} as select * from {right.table}")
    try:
        yield PREDICTION_SCHEMA.empty_table()
        for first in range(0, pairs, _PAIRS_AT_ONCE):
            bounds = {"first": first, "end": first + _PAIRS_AT_ONCE, "potential": potential}
            yield con.sql(sql, params=bounds).to_arrow_table().cast(PREDICTION_SCHEMA)
    finally:
        con.execute(f"drop view {LEFT}")
        con.execute(f"drop view {RIGHT}")
