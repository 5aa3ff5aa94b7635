"""u from random pairs: how often records of two humans agree by chance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from empi_pipeline.linkage.compiled import CompiledModel
from empi_pipeline.linkage.training.pairs import bare_settings, pairs_with_values, splink_on
from empi_pipeline.linkage.training.parameters import Floats, Parameters, compared_levels

if TYPE_CHECKING:
    from splink import Linker


def chance_agreements(
    con: duckdb.DuckDBPyConnection, table: str, ready: CompiledModel, start: list[Parameters]
) -> dict[str, tuple[Floats, int]]:
    """Counts the levels that all pairs of some records reach (Splink's estimate of u, here without its own sampling).

    Args:
        con: A DuckDB connection (scratch).
        table: Records of different humans, with features.
        ready: The model.
        start: Its probabilities.

    Returns:
        By comparison with values: pairs at each level, and pairs with values.
    """
    from splink import Linker

    _, with_values = pairs_with_values(con, table, ready.comparisons, "true")
    usable = [
        comparison
        for comparison, pairs, of in zip(ready.comparisons, with_values, start, strict=True)
        if pairs and not of.keeps_u.all()
    ]
    if not usable:
        return {}
    with splink_on(con) as api:
        linker = Linker(api.register(table), bare_settings(usable, None, 0.5), validate_settings=False, log_level=None)
        # All pairs of a sample that was drawn before: nothing is left to chance, and counts are exact in any order.
        linker.training.estimate_u_using_random_sampling(max_pairs=1e15, min_count_per_level=None, num_chunks=1)
        found = _trained(linker)
    pairs = dict(zip((each["output_column_name"] for each in ready.comparisons), with_values, strict=True))
    return {name: (np.rint(shares * pairs[name]), pairs[name]) for name, shares in found.items()}


def _trained(linker: "Linker") -> dict[str, Floats]:
    settings: Mapping[str, Any] = linker.misc.save_model_to_json()
    return {
        comparison["output_column_name"]: np.array(
            [level.get("u_probability") or 0.0 for level in compared_levels(comparison)], float
        )
        for comparison in settings["comparisons"]
    }
