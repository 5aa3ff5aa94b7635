"""Says why two records match or do not: bits per comparison, and a sentence for the steward."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from empi_pipeline.linkage.model import MatchModel

_NOTABLE_BITS: Final = 1.0
"""Comparisons that change the odds by less than a factor of two are left out of the sentence."""


@dataclass(frozen=True, slots=True)
class ComparisonEvidence:
    """What one comparison of a pair found; `bits` > 0 speaks for one person, < 0 for two, 0 says nothing."""

    comparison: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair has its match weight: `prior_bits` plus the bits of all comparisons is `match_weight`."""

    comparisons: tuple[ComparisonEvidence, ...]
    prior_bits: float
    match_weight: float
    match_probability: float
    sentence: str


def explain(model: MatchModel, levels: Sequence[int], weights: Sequence[float]) -> Explanation:
    """Explains a stored prediction; needs neither the records nor a database.

    Args:
        model: The model that made the prediction.
        levels: The prediction's `levels`.
        weights: The prediction's `weights` (bits).

    Raises:
        ValueError: The prediction has another number of comparisons than the model.
    """
    evidence = tuple(
        ComparisonEvidence(comparison["output_column_name"], _label(comparison, level), float(bits))
        for comparison, level, bits in zip(model.comparisons, levels, weights, strict=True)
    )
    prior = model.settings["probability_two_random_records_match"]
    prior_bits = math.log2(prior / (1 - prior))
    weight = prior_bits + math.fsum(item.bits for item in evidence)
    probability = 1 / (1 + 2**-weight) if weight >= 0 else 2**weight / (1 + 2**weight)
    return Explanation(evidence, prior_bits, weight, probability, _sentence(evidence, probability))


def _label(comparison: dict[str, Any], level: int) -> str:
    """The label of a comparison-vector value: -1 is the null level, the others count down to 0 for ELSE."""
    levels = comparison["comparison_levels"]
    if level < 0:
        return "missing"
    compared = [item for item in levels if item.get("is_null_level") is not True]
    return level_label(compared[len(compared) - 1 - level])


def level_label(level: Mapping[str, Any]) -> str:
    """What a level is called: its label, else its condition; the level for all else is "different"."""
    label = str(level.get("label_for_charts") or "").strip()
    if label and label.upper() != "ELSE":
        return label
    condition = str(level["sql_condition"]).strip()
    return "different" if condition.upper() == "ELSE" else condition


def _sentence(evidence: Sequence[ComparisonEvidence], probability: float) -> str:
    strongest = sorted(evidence, key=lambda item: -abs(item.bits))
    favour = [item for item in strongest if item.bits >= _NOTABLE_BITS]
    against = [item for item in strongest if item.bits <= -_NOTABLE_BITS]
    parts = []
    if favour:
        parts.append(f"For one person: {_listed(favour)}.")
    if against:
        parts.append(f"Against: {_listed(against)}.")
    if not parts:
        parts.append("Nothing compared says much.")
    return f"{' '.join(parts)} Probability {_percent(probability)}."


def _listed(items: Sequence[ComparisonEvidence]) -> str:
    return ", ".join(f"{item.comparison.replace('_', ' ')} {item.level} ({item.bits:+.1f} bits)" for item in items)


def _percent(probability: float) -> str:
    """Never rounded to certainty."""
    if probability > 0.9999:
        return "over 99.99 %"
    return "under 0.01 %" if probability < 0.0001 else f"{100 * probability:.2f} %"
