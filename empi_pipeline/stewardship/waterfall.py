"""The match weight of a pair as rows of bars, from the prior over each comparison to the sum. Pure geometry."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from empi_pipeline.evaluation.waterfall import steps_of
from empi_pipeline.linkage import Explanation


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: what was found, its bits, and where its bar stands, in percent of the width."""

    label: str
    level: str
    bits: float
    left: float
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold: its name, where it stands in percent, and its bits."""

    name: str
    at: float
    bits: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Bars from the prior to the sum, thresholds, and where zero stands; `silent`: comparisons without a value."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    zero: float
    silent: tuple[str, ...]


def waterfall(explanation: Explanation, thresholds: Mapping[str, float]) -> Waterfall:
    """The rows to draw.

    Args:
        explanation: Of the pair.
        thresholds: Name -> probability.
    """
    steps = [(*_parts(label), bits) for label, bits in steps_of(explanation)]
    lines = {name: math.log2(value / (1 - value)) for name, value in thresholds.items() if 0 < value < 1}
    ends, total = [], 0.0
    for _, _, bits in steps:
        total += bits
        ends.append(total)
    low, high = min(0.0, *ends, *lines.values()), max(0.0, *ends, *lines.values())
    room = (high - low) * 1.04 or 1.0
    low -= room * 0.02

    def across(bits: float) -> float:
        return round(100 * (bits - low) / room, 2)

    bars, before = [], 0.0
    for number, ((label, level, bits), end) in enumerate(zip(steps, ends, strict=True)):
        start = 0.0 if number == 0 else before
        left, right = sorted((across(start), across(end)))
        kind = "prior" if number == 0 else "for" if bits >= 0 else "against"
        bars.append(Bar(label, level, bits, left, max(0.6, round(right - left, 2)), kind))
        before = end
    left, right = sorted((across(0.0), across(explanation.match_weight)))
    bars.append(Bar("match weight", "", explanation.match_weight, left, max(0.6, round(right - left, 2)), "sum"))
    silent = tuple(
        each.comparison.replace("_", " ")
        for each in explanation.comparisons
        if not each.bits and each.level == "missing"
    )
    drawn = tuple(Line(name, across(bits), bits) for name, bits in sorted(lines.items(), key=lambda item: item[1]))
    return Waterfall(tuple(bars), drawn, across(0.0), silent)


def _parts(label: str) -> tuple[str, str]:
    comparison, _, level = label.partition(": ")
    return comparison, level
