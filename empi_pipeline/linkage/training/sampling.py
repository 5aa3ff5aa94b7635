"""Samples of records that depend on what the records say and on a seed, not on the order they came in."""

# ruff: noqa: S608 - SQL is put together from names of ours; values are bound.

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.scoring import predict_all
from empi_pipeline.schema import CLEANED_COLUMNS


def sampled(con: duckdb.DuckDBPyConnection, cleaned: pa.Table, seed: int, most: int) -> pa.Table:
    """At most so many records, numbered anew in an order that follows their content and the seed.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns.
        seed: Another seed, another sample.
        most: How many.

    Returns:
        The columns of `cleaned`, `record_id` counting from 1, and `original_id`.
    """
    present = [column for column in CLEANED_COLUMNS if column in cleaned.column_names]
    content = " || ".join(f"coalesce(cast(\"{column}\" as varchar), '') || chr(31)" for column in present) or "''"
    con.register("training_records", cleaned)
    try:
        return con.sql(
            f"""
            with drawn as (
                select *, md5(cast($seed as varchar) || chr(31) || {content}) as draw
                from training_records
                order by draw, record_id
                limit $most
            )
            select
                cast(row_number() over (order by draw, record_id) as bigint) as record_id,
                record_id as original_id,
                {", ".join(f'"{column}"' for column in present)}
            from drawn
            order by 1
            """,
            params={"seed": seed, "most": most},
        ).to_arrow_table()
    finally:
        con.unregister("training_records")


def one_each(
    con: duckdb.DuckDBPyConnection, model: MatchModel, frequencies: pa.Table, records: pa.Table, most: int
) -> pa.Table:
    """The first records of a sample, one of each group that the model would match or ask about.

    So random pairs of them are pairs of two humans, also where the data hold each human many times.
    """
    pairs = predict_all(con, model, frequencies, records)
    graph = coo_matrix(
        (np.ones(pairs.num_rows, np.int8), (pairs["record_id_l"].to_numpy() - 1, pairs["record_id_r"].to_numpy() - 1)),
        shape=(records.num_rows, records.num_rows),
    )
    group = connected_components(graph, directed=False)[1]
    first = np.unique(group, return_index=True)[1]
    chosen = np.sort(first)[:most]
    return records.filter(pc.is_in(records["record_id"], value_set=pa.array(chosen + 1, pa.int64())))
