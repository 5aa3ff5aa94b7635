"""Checks of match models, evaluated in the assets that have the figures at hand."""

from collections.abc import Sequence
from typing import Final

import dagster as dg

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.linkage import BlockSizes
from empi_pipeline.linkage.knowledge import KnowledgeCheck

FROZEN_KNOWLEDGE: Final = dg.AssetCheckSpec(
    "frozen_knowledge",
    asset=["matching", "rescored_predictions"],
    description="What the model learnt when it was frozen still fits the index; if not, `empi config refreeze`.",
)

BLOCK_SIZES: Final = dg.AssetCheckSpec(
    "block_sizes",
    asset=["matching", "predictions"],
    description="No blocking rule makes a huge block of this batch.",
)

_LARGEST_BLOCK: Final = 5_000
_MOST_PAIRS: Final = 100_000_000
"""Some minutes of scoring for one rule."""


def frozen_knowledge(check: KnowledgeCheck) -> dg.AssetCheckResult:
    """Numbers only: the values themselves are person data."""
    outdated = check.outdated
    return dg.AssetCheckResult(
        check_name=FROZEN_KNOWLEDGE.name,
        asset_key=FROZEN_KNOWLEDGE.asset_key,
        passed=not outdated,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "records": check.records,
            "family share": check.family_share,
            "family share when frozen": check.frozen_family_share,
            "shared values unknown to the model": sum(check.shared_values_unknown.values()),
            "problems": markdown_table(["problem"], [[problem] for problem in outdated]),
        },
    )


def check_block_sizes(sizes: Sequence[BlockSizes]) -> dg.AssetCheckResult:
    """The rules that make most pairs, whether that is too many or not."""
    huge = [each for each in sizes if each.largest_block > _LARGEST_BLOCK or each.pairs > _MOST_PAIRS]
    shown = huge or sorted(sizes, key=lambda each: -each.pairs)[:5]
    return dg.AssetCheckResult(
        check_name=BLOCK_SIZES.name,
        asset_key=BLOCK_SIZES.asset_key,
        passed=not huge,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "blocks": markdown_table(
                ["blocking rule", "pairs", "largest block"],
                [[f"`{each.rule}`", each.pairs, each.largest_block] for each in shown],
            )
        },
    )
