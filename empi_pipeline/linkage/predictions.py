"""What a prediction looks like, and from which match weight on a pair is one."""

import math
from typing import Final

import pyarrow as pa

from empi_pipeline.linkage.model import MatchModel

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


def weight_limit(model: MatchModel) -> float | None:
    """The match weight, in bits, a little below the potential threshold; None if every pair is wanted."""
    probability = model.potential_threshold
    if probability <= 0:
        return None
    if probability >= 1:
        return 1000.0  # Nothing is more likely than certain: the strict filter refuses all.
    return math.log2(probability / (1 - probability)) - _WEIGHT_MARGIN
