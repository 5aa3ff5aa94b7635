"""Splink's own SQL that scores pairs with a match model: generated once, run in one piece.

Through Splink's `Linker` every call parses the settings anew and writes each pair with all compared values of both
records into a table, of which ids, levels and weights are read. Here the same expressions stand in one statement, so
DuckDB computes what is read and nothing else; what a pair weighs is the same to the last bit.
"""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Mapping, Sequence
from typing import Any, Final

from empi_pipeline.linkage.compiled import CompiledModel, compiled
from empi_pipeline.linkage.model import FAMILY, LEARNT_FACTORS, MatchModel

LEFT: Final = "linkage_left"
RIGHT: Final = "linkage_right"
"""Views of the records on either side: the unique id, what the model compares, and `tf_` columns."""

PAIRS: Final = "linkage_pairs"
"""What to score: join_key_l and join_key_r, unique ids of the two sides."""


def scoring_sql(model: MatchModel, factors: Mapping[str, float], weight_limit: float | None) -> str:
    """A select that scores the rows `$first` up to, not including, `$end` of `PAIRS`.

    It returns the columns of `PREDICTION_SCHEMA` for pairs of a probability above `$potential`.

    Args:
        model: The match model.
        factors: What u of levels is multiplied by (`term_frequency.learnt_factors`).
        weight_limit: Bits below which pairs are left out at once; None to keep all.
    """
    key = (model.digest, tuple(sorted(factors.items())), weight_limit)
    if key not in _cache:
        _cache[key] = _generated(compiled(model), factors, weight_limit)
        while len(_cache) > 16:
            _cache.pop(next(iter(_cache)))
    return _cache[key]


_cache: dict[tuple[str, tuple[tuple[str, float], ...], float | None], str] = {}


def pair_scoring_sql(model: MatchModel, factors: Mapping[str, float], pairs: str) -> str:
    """The same as a projection of pairs whose records are known: match_key and the columns of `PREDICTION_SCHEMA`.

    Args:
        model: The match model.
        factors: As for `scoring_sql`.
        pairs: FROM item with match_key, which is handed through, and structs l and r of what `LEFT` and `RIGHT` have.
    """
    ready = compiled(model)
    paired, *steps = _steps(ready, factors, None)
    selected, joined, _ = paired["sql"].partition("from __splink__blocked_id_pairs as b")
    if not joined:
        raise RuntimeError("another version of Splink puts pairs together in another way")
    steps = [{**paired, "sql": f"{selected} from {pairs} as b"}, *steps]
    return _with(steps) + _packed(ready, steps[-1]["output_table_name"], "match_key, ")


def _generated(ready: CompiledModel, factors: Mapping[str, float], weight_limit: float | None) -> str:
    steps = _steps(ready, factors, weight_limit)
    pairs = {
        "sql": f"select join_key_l, join_key_r, '0' as match_key from {PAIRS} where rowid >= $first and rowid < $end",
        "output_table_name": "__splink__blocked_id_pairs",
    }
    packed = _packed(ready, steps[-1]["output_table_name"])
    return _with([pairs, *steps]) + packed + "where match_probability > $potential"


def _steps(ready: CompiledModel, factors: Mapping[str, float], weight_limit: float | None) -> list[dict[str, str]]:
    """Splink's own, the first of which puts the records of the pairs side by side."""
    from splink.internals.comparison_vector_values import compute_comparison_vector_values_from_id_pairs_sqls
    from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings
    from splink.internals.settings_creator import SettingsCreator

    settings: Any = SettingsCreator.from_path_or_dict(ready.splink_settings(factors)).get_settings("duckdb")
    columns = settings.column_info_settings
    steps: list[dict[str, str]] = compute_comparison_vector_values_from_id_pairs_sqls(
        settings._columns_to_select_for_blocking,
        settings._columns_to_select_for_comparison_vector_values,
        input_tablename_l=LEFT,
        input_tablename_r=RIGHT,
        source_dataset_input_column=columns.source_dataset_input_column,
        unique_id_input_column=columns.unique_id_input_column,
        link_type=settings._link_type,
        sql_dialect_str="duckdb",
    )
    steps += predict_from_comparison_vectors_sqls_using_settings(settings, None, weight_limit)
    return steps


def _with(steps: Sequence[Mapping[str, str]]) -> str:
    # Not materialized: only then are the columns that nobody reads never computed.
    named = ",\n".join(f"{step['output_table_name']} as not materialized (\n{step['sql']}\n)" for step in steps)
    return f"with\n{named}\n"


def _packed(ready: CompiledModel, table: str, extra: str = "") -> str:
    """Splink's wide table as predictions: sides in order of record id, levels and weights as lists."""
    names = [comparison["output_column_name"] for comparison in ready.comparisons]
    adjusted = {
        comparison["output_column_name"]
        for comparison in ready.comparisons
        if any(
            level.get("tf_adjustment_column", FAMILY) not in LEARNT_FACTORS for level in comparison["comparison_levels"]
        )
    }
    levels = ", ".join(f'"gamma_{name}"' for name in names)
    weights = ", ".join(f'"mw_{name}"' + (f' + "mw_tf_adj_{name}"' if name in adjusted else "") for name in names)
    left, right = (
        f'"{ready.unique_id}_{side}"'
        if ready.symmetric
        else f'cast("{ready.unique_id}_{side}" & cast(9223372036854775807 as uhugeint) as bigint)'
        for side in ("l", "r")
    )
    return f"""
        select
            {extra}least({left}, {right}) as record_id_l,
            greatest({left}, {right}) as record_id_r,
            match_weight,
            match_probability,
            cast([{levels}] as smallint[]) as levels,
            cast([{weights}] as float[]) as weights
        from {table}
        """
