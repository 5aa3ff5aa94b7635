"""Scores pairs of records with Splink. The same pair gets the same weight in any batch, any order, any split."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage.compiled import ORDER_COLUMN, CompiledModel, compiled
from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import FAMILY, MatchModel
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.linkage.term_frequency import average_frequencies, family_share

if TYPE_CHECKING:
    from splink import DuckDBAPI, Linker
    from splink.internals.splink_dataframe import SplinkDataFrame

PREDICTION_SCHEMA: Final = pa.schema(
    [
        ("record_id_l", pa.int64()),
        ("record_id_r", pa.int64()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("levels", pa.list_(pa.int16())),
        ("weights", pa.list_(pa.float32())),
    ]
)
"""A prediction: record_id_l < record_id_r; match_weight in bits, prior included; one level (-1: missing) and one weight
(bits, term-frequency adjustment included) per comparison of the model, in its order."""

_WEIGHT_MARGIN: Final = 1e-6
"""Bits below the threshold at which Splink filters (it uses >=); the exact, strict filter is ours."""


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
    ready = compiled(model)
    new, candidates = (without_shared_values(records, term_frequencies) for records in (new, candidates))
    if candidates.num_rows and new.num_rows:
        candidates = candidates.filter(
            pc.invert(pc.is_in(candidates["record_id"], value_set=new["record_id"].combine_chunks()))
        )
    with _failures_without_values(), _tables(con, ready, new, candidates) as (new_table, candidate_table):
        if not new.num_rows:
            return PREDICTION_SCHEMA.empty_table()
        with _linker(con, model, ready, term_frequencies, [new_table, candidate_table]) as (linker, api):
            limit: dict[str, Any] = {"threshold_match_weight": _weight_limit(model), "warning_mode": "never"}
            registered_new = api.register(new_table)
            parts = [linker.inference.predict_within(registered_new, **limit)]
            if candidates.num_rows:
                registered_candidates = api.register(candidate_table)
                if ready.symmetric:
                    parts.append(linker.inference.predict_between(registered_candidates, registered_new, **limit))
                else:
                    ordered: list[Any] = ready.rules_with(f'and l."{ORDER_COLUMN}" < r."{ORDER_COLUMN}"')
                    for left, right in (
                        (registered_candidates, registered_new),
                        (registered_new, registered_candidates),
                    ):
                        parts.append(
                            linker.inference.predict_between(
                                left, right, blocking_rules_to_generate_predictions=ordered, **limit
                            )
                        )
            return pa.concat_tables([_packed(con, model, ready, part) for part in parts])


def predict_all(
    con: duckdb.DuckDBPyConnection, model: MatchModel, term_frequencies: pa.Table, records: pa.Table, chunks: int = 1
) -> pa.Table:
    """Scores all records against one another, as for a rematch; result and errors as `predict`.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        model: The match model.
        term_frequencies: The frozen frequencies of the model.
        records: `record_id` (unique) and the cleaned columns.
        chunks: Score in this many parts, one after the other, to bound memory; the result is the same.
    """
    ready = compiled(model)
    records = without_shared_values(records, term_frequencies)
    empty = records.slice(0, 0)
    with _failures_without_values(), _tables(con, ready, records, empty) as (table, _):
        if not records.num_rows:
            return PREDICTION_SCHEMA.empty_table()
        with _linker(con, model, ready, term_frequencies, [table]) as (linker, _api):
            parts = []
            for chunk in range(1, chunks + 1):
                scored = linker.inference.predict_chunk(
                    left_chunk=(chunk, chunks),
                    right_chunk=(1, 1),
                    threshold_match_weight=_weight_limit(model),
                    warning_mode="never",
                )
                parts.append(_packed(con, model, ready, scored))
                scored.drop_table_from_database_and_remove_from_cache()
            return pa.concat_tables(parts)


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
    ready = compiled(model)
    if not pairs.num_rows:
        return PREDICTION_SCHEMA.empty_table()
    records = without_shared_values(records, term_frequencies)
    empty = records.slice(0, 0)
    with _failures_without_values(), _tables(con, ready, records, empty) as (table, _):
        con.register("linkage_asked", pairs.select(["record_id_l", "record_id_r"]))
        uid = ready.unique_id
        con.execute(
            f"""
            create or replace temp table linkage_asked_pairs as
            select least(l.{uid}, r.{uid}) as join_key_l, greatest(l.{uid}, r.{uid}) as join_key_r, '0' as match_key
            from linkage_asked as asked
            join {table} as l on l.record_id = asked.record_id_l
            join {table} as r on r.record_id = asked.record_id_r
            where l.record_id <> r.record_id
            """
        )
        con.unregister("linkage_asked")
        try:
            with _linker(con, model, ready, term_frequencies, [table]) as (linker, api):
                linker.table_management.register_blocked_pairs_for_predict(api.register("linkage_asked_pairs"))
                scored = linker.inference.predict(threshold_match_weight=None)
                return _packed(con, model, ready, scored, above=-1.0)
        finally:
            con.execute("drop table if exists linkage_asked_pairs")


def _weight_limit(model: MatchModel) -> float | None:
    """The match weight, in bits, a little below the potential threshold; None if every pair is wanted."""
    probability = model.potential_threshold
    if probability <= 0:
        return None
    if probability >= 1:
        return 1000.0  # Nothing is more likely than certain: the strict filter refuses all.
    return math.log2(probability / (1 - probability)) - _WEIGHT_MARGIN


@contextmanager
def _tables(
    con: duckdb.DuckDBPyConnection, ready: CompiledModel, new: pa.Table, candidates: pa.Table
) -> Iterator[tuple[str, str]]:
    """Both record tables with what the model compares; with a content order if the model is not symmetric."""
    extra = [] if ready.symmetric else [_content_order(ready)]
    with (
        with_features(con, new, ready.columns, extra) as new_table,
        with_features(con, candidates, ready.columns, extra) as candidate_table,
    ):
        yield new_table, candidate_table


def _content_order(ready: CompiledModel) -> str:
    """Select expression of a unique id that sorts by content: equal content scores alike on either side."""
    content = " || ".join(
        f'coalesce(cast("{column}" as varchar) || chr(30), chr(31))' for column in ready.compared_columns
    )
    return (
        f"(cast(md5_number_lower({content}) as uhugeint) << 64) + cast(cast(record_id as ubigint) as uhugeint) "
        f"as {ORDER_COLUMN}"
    )


@contextmanager
def _linker(
    con: duckdb.DuckDBPyConnection, model: MatchModel, ready: CompiledModel, frequencies: pa.Table, tables: list[str]
) -> Iterator[tuple["Linker", "DuckDBAPI"]]:
    """A Splink linker whose term frequencies are the frozen ones; its tables are dropped at the end."""
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=con)
    linker = Linker(api.register(tables[0]), ready.splink_settings(family_share(frequencies)), log_level=None)
    frequency_tables = []
    try:
        con.register("linkage_frequencies", frequencies)
        for column, average in average_frequencies(model).items():
            name = f"linkage_frequency_{column}"
            occurring = " union ".join(
                f'select distinct "{column}" from {table} where "{column}" is not null' for table in tables
            )
            # A value that the model has never seen is at least as rare as the rarest it has seen.
            con.execute(
                f"""
                create or replace temp table {name} as
                with frozen as (
                    select value, frequency from linkage_frequencies where column_name = $column
                ),
                occurring as ({occurring})
                select
                    occurring."{column}",
                    coalesce(
                        frozen.frequency,
                        (select least(min(frequency), $average) from frozen)
                    ) as "tf_{column}"
                from occurring
                left join frozen on frozen.value = cast(occurring."{column}" as varchar)
                """,
                {"column": column, "average": average},
            )
            frequency_tables.append(name)
            linker.table_management.register_term_frequency_lookup(api.register(name), column)
        yield linker, api
    finally:
        api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
        for name in frequency_tables:
            con.execute(f"drop table if exists {name}")
        con.unregister("linkage_frequencies")


def _packed(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    ready: CompiledModel,
    scored: "SplinkDataFrame",
    above: float | None = None,
) -> pa.Table:
    """Splink's wide table as predictions: sides in order of record id, levels and weights as lists, strict limit.

    Args:
        con: Where the table is.
        model: The match model.
        ready: The model made ready.
        scored: Splink's table.
        above: Only pairs of a higher probability; the potential threshold when None.
    """
    names = [comparison["output_column_name"] for comparison in ready.comparisons]
    adjusted = {
        comparison["output_column_name"]
        for comparison in ready.comparisons
        if any(level.get("tf_adjustment_column", FAMILY) != FAMILY for level in comparison["comparison_levels"])
    }
    levels = ", ".join(f'"gamma_{name}"' for name in names)
    weights = ", ".join(f'"mw_{name}"' + (f' + "mw_tf_adj_{name}"' if name in adjusted else "") for name in names)
    left, right = (
        f'"{ready.unique_id}_{side}"'
        if ready.symmetric
        else f'cast("{ready.unique_id}_{side}" & cast(9223372036854775807 as uhugeint) as bigint)'
        for side in ("l", "r")
    )
    packed = con.sql(
        f"""
        select
            least({left}, {right}) as record_id_l,
            greatest({left}, {right}) as record_id_r,
            match_weight,
            match_probability,
            cast([{levels}] as smallint[]) as levels,
            cast([{weights}] as float[]) as weights
        from {scored.physical_name}
        where match_probability > $potential
        """,
        params={"potential": model.potential_threshold if above is None else above},
    )
    return packed.to_arrow_table().cast(PREDICTION_SCHEMA)


@contextmanager
def _failures_without_values() -> Iterator[None]:
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
