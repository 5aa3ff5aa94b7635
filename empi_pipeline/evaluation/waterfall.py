"""The match weight of a pair as a waterfall, from the prior over each comparison to the sum: as SVG and as text."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from empi_pipeline.linkage.explanation import Explanation

_UP: Final = "#0072b2"
_DOWN: Final = "#d55e00"
_SUM: Final = "#777777"
_WIDTH: Final = 760
_LEFT: Final = 330
_ROW: Final = 22
_TEXT_WIDTH: Final = 40


def steps_of(explanation: Explanation) -> list[tuple[str, float]]:
    """(what was found, bits): the prior, then every comparison that says something, the strongest first."""
    told = [
        (f"{each.comparison.replace('_', ' ')}: {each.level}", each.bits)
        for each in sorted(explanation.comparisons, key=lambda item: -abs(item.bits))
        if each.bits
    ]
    return [("before anything is compared", explanation.prior_bits), *told]


def waterfall_svg(explanation: Explanation, thresholds: Mapping[str, float], title: str = "bits of evidence") -> str:
    """The waterfall as an SVG that needs nothing from elsewhere.

    Args:
        explanation: Of the pair.
        thresholds: Name -> probability, drawn as lines.
        title: Above it.
    """
    steps = steps_of(explanation)
    lines = {name: _bits(probability) for name, probability in thresholds.items() if 0 < probability < 1}
    ends = _running(steps)
    low, high = min(0.0, *ends, *lines.values()), max(0.0, *ends, *lines.values())
    room = (high - low) or 1.0
    height = (len(steps) + 3) * _ROW + 8

    def across(bits: float) -> float:
        return round(_LEFT + (_WIDTH - _LEFT - 60) * (bits - low) / room, 1)

    drawn = [f'<text x="4" y="15" font-weight="bold">{escape(title)}</text>']
    for number, (name, bits) in enumerate(sorted(lines.items(), key=lambda item: item[1])):
        # Thresholds lie close to one another: the lower one is named to the left of its line, others to the right.
        at, anchor = across(bits), "end" if number == 0 and len(lines) > 1 else "start"
        drawn.append(
            f'<line x1="{at}" x2="{at}" y1="{_ROW}" y2="{height - _ROW}" stroke="#999" stroke-dasharray="4 3"/>'
            f'<text x="{at}" y="{height - 6}" text-anchor="{anchor}">{escape(name)} {bits:+.1f}</text>'
        )
    before = 0.0
    for number, (label, bits) in enumerate([*steps, ("match weight", explanation.match_weight)]):
        is_sum = number == len(steps)
        start, end = (0.0, bits) if is_sum or number == 0 else (before, before + bits)
        colour = _SUM if is_sum else _UP if bits >= 0 else _DOWN
        y = _ROW * (number + 1) + 2
        left, right = sorted((across(start), across(end)))
        drawn.append(
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{left}" y="{y}" width="{max(1.0, round(right - left, 1))}" height="{_ROW - 5}" fill="{colour}"/>'
            f'<text x="{right + 4}" y="{y + 13}">{bits:+.1f}</text>'
        )
        before = end
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(title, quote=True)}" font-family="system-ui, sans-serif"'
        f' font-size="11" fill="#1a1a1a"><rect width="100%" height="100%" fill="white" class="back"/>'
        f"{''.join(drawn)}</svg>"
    )


def waterfall_text(explanation: Explanation) -> list[str]:
    """The waterfall as lines for a terminal: bits, a bar from the sum before to the sum after, what was found."""
    steps = steps_of(explanation)
    ends = _running(steps)
    low, high = min(0.0, *ends), max(0.0, *ends)
    scale = (_TEXT_WIDTH - 1) / ((high - low) or 1.0)

    def place(bits: float) -> int:
        return round((bits - low) * scale)

    drawn = []
    before = 0.0
    for (label, bits), end in zip(steps, ends, strict=True):
        first, last = sorted((place(before), place(end)))
        bar = " " * first + ("█" if bits >= 0 else "░") * max(1, last - first)
        drawn.append(f"{bits:+7.1f}  {bar:<{_TEXT_WIDTH}}  {label}")
        before = end
    first, last = sorted((place(0.0), place(explanation.match_weight)))
    bar = " " * first + "═" * max(1, last - first)
    drawn.append(f"{explanation.match_weight:+7.1f}  {bar:<{_TEXT_WIDTH}}  match weight")
    return drawn


def _running(steps: Sequence[tuple[str, float]]) -> list[float]:
    sums, total = [], 0.0
    for _, bits in steps:
        total += bits
        sums.append(total)
    return sums


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))
