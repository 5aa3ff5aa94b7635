"""Linkage: match models, blocking keys and the scoring of record pairs (Splink on DuckDB).

Works on Arrow tables and a DuckDB connection that is passed in. Knows no persons, no Postgres, no Dagster. Splink and
sqlglot are imported when first used, so importing this room is cheap.
"""

from empi_pipeline.linkage.blocking import (
    BlockSizes,
    block_sizes,
    blocking_counts,
    blocking_keys,
    blocking_lookups,
    refuse_huge_blocks,
)
from empi_pipeline.linkage.default_model import default_model
from empi_pipeline.linkage.explanation import ComparisonEvidence, Explanation, explain
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.predictions import PREDICTION_SCHEMA
from empi_pipeline.linkage.scoring import (
    ScoringError,
    predict,
    predict_all,
    predict_pairs,
    predict_prepared,
    preparing,
)
from empi_pipeline.linkage.shared_values import shared_values, without_shared_values
from empi_pipeline.linkage.term_frequency import has_families, term_frequencies
from empi_pipeline.linkage.validation import validated_model

__all__ = [
    "PREDICTION_SCHEMA",
    "BlockSizes",
    "ComparisonEvidence",
    "Explanation",
    "MatchModel",
    "ScoringError",
    "block_sizes",
    "blocking_counts",
    "blocking_keys",
    "blocking_lookups",
    "default_model",
    "explain",
    "has_families",
    "predict",
    "predict_all",
    "predict_pairs",
    "predict_prepared",
    "preparing",
    "refuse_huge_blocks",
    "shared_values",
    "term_frequencies",
    "validated_model",
    "without_shared_values",
]
