"""The match model, and the pairs of person records it scores."""

import math
from collections import Counter
from collections.abc import Iterator

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.assets.tables import bar_chart, markdown_table
from empi_pipeline.assets.verdicts import with_verdicts
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.checks.models import BLOCK_SIZES, check_block_sizes
from empi_pipeline.linkage import index_scoring, registry
from empi_pipeline.linkage.explanation import level_label
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.postgres import refresh_statistics
from empi_pipeline.resources import BatchClaimResource, PostgresResource, ScratchResource


@dg.asset(
    key=["matching", "model"],
    group_name="matching",
    kinds={"splink", "postgres"},
    owners=["team:linkage"],
)
def model(postgres: PostgresResource) -> dg.MaterializeResult[None]:
    """The active match model: Splink settings, two thresholds and frozen term frequencies; never altered.

    Materialising it where none is active activates the one that ships with the software.
    """
    with postgres.connect() as connection:
        registered = registry.ensure_active(connection)
        shared = registry.shared_value_counts(connection, registered.model_id)
    return dg.MaterializeResult(
        metadata={
            "model": f"{registered.model.name} ({registered.model_id})",
            "potential threshold": registered.model.potential_threshold,
            "auto threshold": registered.model.auto_threshold,
            "guards": registered.guards,
            "frozen": str(registered.frozen_at or "not yet: no records"),
            "records it learnt from": registered.frozen_records or 0,
            "values shared by many": markdown_table(["column", "values"], shared.items()),
            "blocking rules": markdown_table(["rule"], [[f"`{rule}`"] for rule in registered.model.blocking_rules]),
            "comparison levels": markdown_table(
                ["comparison", "level", "m", "u", "bits"], _level_rows(registered.model)
            ),
        },
        data_version=dg.DataVersion(registered.model.digest),
    )


@dg.asset(
    key=["matching", "predictions"],
    ins={"cleaned": dg.AssetIn(["cleaned", "person_records"])},
    deps=[dg.AssetDep(["matching", "model"])],
    partitions_def=BATCHES,
    group_name="matching",
    kinds={"splink", "duckdb"},
    owners=["team:linkage"],
    check_specs=[BLOCK_SIZES],
)
def predictions(
    context: dg.AssetExecutionContext,
    cleaned: pa.Table,
    postgres: PostgresResource,
    scratch: ScratchResource,
    batch_claim: BatchClaimResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """Pairs of person records scored by the active match model, above its potential threshold.

    One row per pair: this batch against itself and against every earlier record that shares a blocking key.
    Once a batch is applied its predictions stay as they were.
    """
    batch_id = context.partition_key
    with postgres.connect() as connection:
        if index_scoring.is_applied(connection, batch_id):
            yield dg.MaterializeResult(
                metadata={"kept": "the batch is applied; its predictions stay as they are"},
                check_results=[check_block_sizes([])],
            )
            return
    with scratch.open() as con:
        scored = index_scoring.score(postgres.connect, con, batch_id, cleaned)
    scored = with_verdicts(postgres.connect, scored)
    with postgres.connect() as connection:
        index_scoring.store(connection, scored)
    with postgres.connect(autocommit=True) as connection:
        refresh_statistics(connection, scored.predictions.num_rows, "matching.predictions")
    automatic = scored.auto_matches
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": scored.predictions.num_rows,
            "auto-matches": automatic,
            "potential matches": scored.predictions.num_rows - automatic,
            "records compared with": scored.candidate_count,
            "model": scored.registered.model_id,
            "match weights": bar_chart(_histogram(scored.predictions["match_weight"]), title="pairs by match weight"),
        },
        check_results=[check_block_sizes(scored.block_sizes)],
    )


def _histogram(weights: pa.ChunkedArray, bits: int = 2) -> dict[str, int]:
    """Pairs by match weight in steps of `bits`, without gaps."""
    steps = Counter(pc.floor(pc.divide(weights, float(bits))).to_pylist())
    if not steps:
        return {}
    first, last = int(min(steps)), int(max(steps))
    return {f"{step * bits} to {(step + 1) * bits} bits": steps.get(float(step), 0) for step in range(first, last + 1)}


def _level_rows(model: MatchModel) -> list[list[object]]:
    rows: list[list[object]] = []
    for comparison in model.comparisons:
        for level in comparison["comparison_levels"]:
            m, u = level.get("m_probability"), level.get("u_probability")
            bits = math.log2(m / u) if m and u else None
            label = "missing" if level.get("is_null_level") else level_label(level)
            rows.append([comparison["output_column_name"], f"`{label}`", m, u, bits])
    return rows
