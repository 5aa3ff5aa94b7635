"""Scores pairs of records with Splink. The same pair gets the same weight in any batch, any order, any split."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage.compiled import compiled
from empi_pipeline.linkage.duckdb_engine import scored
from empi_pipeline.linkage.engine import chosen_engine
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.predictions import PREDICTION_SCHEMA
from empi_pipeline.linkage.prepared import PreparedRecords, prepared
from empi_pipeline.linkage.splink_sql import PAIRS


class ScoringError(EmpiError):
    """DuckDB or Splink could not score; the cause is withheld because it may quote record values."""


def predict(
    con: duckdb.DuckDBPyConnection, model: MatchModel, term_frequencies: pa.Table, new: pa.Table, candidates: pa.Table
) -> pa.Table:
    """Scores new records against one another and against candidates from the index.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        model: The match model.
        term_frequencies: The frozen frequencies of the model (`term_frequencies`).
        new: `record_id` (unique) and the cleaned columns.
        candidates: The same of earlier records; those that are also in `new` are left out.

    Returns:
        `PREDICTION_SCHEMA`, one row per pair with match_probability strictly above the potential threshold.

    Raises:
        ScoringError: The engine failed.
    """
    with preparing(con, model, term_frequencies, new) as prepared_new:
        return predict_prepared(prepared_new, new, candidates, term_frequencies)


@contextmanager
def preparing(
    con: duckdb.DuckDBPyConnection, model: MatchModel, term_frequencies: pa.Table, cleaned: pa.Table
) -> Iterator[PreparedRecords]:
    """As `prepared`.

    Raises:
        ScoringError: The engine failed, on these records or in what is done with them.
    """
    with failures_without_values(), prepared(con, model, term_frequencies, cleaned) as records:
        yield records


def predict_prepared(
    new: PreparedRecords, cleaned: pa.Table, candidates: pa.Table, learnt_about_candidates: pa.Table
) -> pa.Table:
    """As `predict`, of records that are prepared already.

    Args:
        new: The new records.
        cleaned: The same, as they were prepared from.
        candidates: Earlier records.
        learnt_about_candidates: What is frozen into the model, at least of the values that occur in them.
    """
    if candidates.num_rows and new.count:
        known = pc.is_in(candidates["record_id"], value_set=cleaned["record_id"].combine_chunks())
        candidates = candidates.filter(pc.invert(known))
    with failures_without_values():
        if not new.count:
            return PREDICTION_SCHEMA.empty_table()
        parts = list(chosen_engine().predictions(new, new))
        if candidates.num_rows:
            with prepared(new.con, new.model, learnt_about_candidates, candidates) as others:
                if compiled(new.model).symmetric:
                    parts += chosen_engine().predictions(others, new, between=True)
                else:
                    # Which record stands left follows their content, so each side may.
                    parts += chosen_engine().predictions(others, new)
                    parts += chosen_engine().predictions(new, others)
        return pa.concat_tables(parts)


def predict_all(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    term_frequencies: pa.Table,
    records: pa.Table,
    *,
    chunks: int = 1,
    part: tuple[int, int] = (1, 1),
) -> pa.Table:
    """Scores all records against one another, as for a rematch; result and errors as `predict`.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        model: The match model.
        term_frequencies: The frozen frequencies of the model.
        records: `record_id` (unique) and the cleaned columns.
        chunks: Score in at least this many parts, one after the other, to bound memory; the result is the same.
        part: Score only the pairs of one part of so many, drawn by a hash: (2, 5) is the second of five.
    """
    with preparing(con, model, term_frequencies, records) as all_records:
        if not records.num_rows:
            return PREDICTION_SCHEMA.empty_table()
        return pa.concat_tables(chosen_engine().predictions(all_records, all_records, chunks=chunks, part=part))


def predict_pairs(
    con: duckdb.DuckDBPyConnection, model: MatchModel, term_frequencies: pa.Table, records: pa.Table, pairs: pa.Table
) -> pa.Table:
    """Scores exactly the pairs asked for, whether or not a blocking rule finds them; errors as `predict`.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        model: The match model.
        term_frequencies: The frozen frequencies of the model.
        records: `record_id` (unique) and the cleaned columns of every record in `pairs`.
        pairs: `record_id_l` and `record_id_r` (int64), each pair once, in either order; a record with itself is left
            out.

    Returns:
        `PREDICTION_SCHEMA`, one row per pair, however unlikely; the same weights as in a batch.
    """
    if not pairs.num_rows:
        return PREDICTION_SCHEMA.empty_table()
    with preparing(con, model, term_frequencies, records) as those:
        con.register("linkage_asked", pairs.select(["record_id_l", "record_id_r"]))
        uid = compiled(model).unique_id
        con.execute(
            f"""
            create or replace temp table {PAIRS} as
            select least(l.{uid}, r.{uid}) as join_key_l, greatest(l.{uid}, r.{uid}) as join_key_r
            from linkage_asked as asked
            join {those.table} as l on l.record_id = asked.record_id_l
            join {those.table} as r on r.record_id = asked.record_id_r
            where l.record_id <> r.record_id
            """
        )
        con.unregister("linkage_asked")
        try:
            return pa.concat_tables(scored(those, those, pairs.num_rows, every=True))
        finally:
            con.execute(f"drop table if exists {PAIRS}")


@contextmanager
def failures_without_values() -> Iterator[None]:
    """Turns the engine's errors, which quote SQL and record values, into one that quotes nothing."""
    try:
        yield
    except EmpiError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise ScoringError(
            f"The pairs could not be scored: the engine failed with {kind} (details withheld, they may quote records). "
            "Check that the match model's SQL works on every value of the columns it names, e.g. try_cast for cast."
        ) from None
