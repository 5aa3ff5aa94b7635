"""A model's probabilities as SVG: m, u and weight of each level, and what each training rule had for m."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from empi_pipeline.evaluation.plots import COLOURS, svg
from empi_pipeline.linkage.training.parameters import Parameters
from empi_pipeline.linkage.training.report import LevelReport

_ROW: Final = 18
_LABELS: Final = 270
_PANEL: Final = 150
_GAP: Final = 24
_BITS_PANEL: Final = 250
_SMALLEST: Final = 1e-6


def levels_chart(parameters: Sequence[Parameters]) -> str:
    """Level by level: bars for m and u (0 to 1) and, to both sides, for the weight in bits."""
    weights = [math.log2(m / u) for each in parameters for m, u in zip(each.m, each.u, strict=True)]
    most = max((abs(bits) for bits in weights), default=1.0) or 1.0
    panels = (_LABELS, _LABELS + _PANEL + _GAP)
    middle = panels[1] + _PANEL + _GAP + 30 + _BITS_PANEL / 2
    drawn = [
        f'<text x="{x}" y="12" font-weight="bold">{told}</text>'
        for x, told in ((panels[0], "m"), (panels[1], "u"), (middle - 40, "weight, bits"))
    ]
    y = 20
    for each in parameters:
        drawn.append(f'<text x="0" y="{y + 13}" font-weight="bold">{escape(each.name.replace("_", " "))}</text>')
        y += _ROW
        for label, m, u in zip(each.labels, each.m.tolist(), each.u.tolist(), strict=True):
            bits = math.log2(m / u)
            length = _BITS_PANEL / 2 * abs(bits) / most
            left = middle if bits >= 0 else middle - length
            drawn.append(f'<text x="{_LABELS - 8}" y="{y + 12}" text-anchor="end">{escape(_short(label))}</text>')
            for x, value, colour in ((panels[0], m, COLOURS[0]), (panels[1], u, COLOURS[1])):
                width = round(max(0.5, (_PANEL - 52) * min(value, 1.0)), 1)
                drawn.append(
                    f'<rect x="{x}" y="{y}" width="{width}" height="{_ROW - 4}" fill="{colour}"/>'
                    f'<text x="{x + width + 3}" y="{y + 12}">{value:.2g}</text>'
                )
            side, anchor = (left + length + 3, "start") if bits >= 0 else (left - 3, "end")
            drawn.append(
                f'<rect x="{round(left, 1)}" y="{y}" width="{round(max(0.5, length), 1)}" height="{_ROW - 4}"'
                f' fill="{COLOURS[2] if bits >= 0 else COLOURS[3]}"/>'
                f'<text x="{round(side, 1)}" y="{y + 12}" text-anchor="{anchor}">{bits:+.1f}</text>'
            )
            y += _ROW
    return svg(round(middle + _BITS_PANEL / 2 + 44), y + 4, drawn, "m, u and weight of each level")


def estimates_chart(levels: Sequence[LevelReport]) -> str:
    """Level by level: m of the start, of each rule, and as trained, on a scale of powers of ten."""
    shown = [each for each in levels if each.estimates]
    if not shown:
        return '<p class="none">no rule taught anything</p>'
    width = 420

    def across(m: float) -> float:
        return round(_LABELS + width * (1 - math.log10(max(m, _SMALLEST)) / math.log10(_SMALLEST)), 1)

    top = 46
    height = top + 10 + _ROW * (len(shown) + len({each.comparison for each in shown}))
    drawn = [
        f'<text x="{_LABELS}" y="12" class="faint">m: chance that two records of one human reach the level</text>',
        *_key(_LABELS, 28),
    ]
    for power in range(7):
        at = across(10.0**-power)
        drawn.append(f'<line x1="{at}" x2="{at}" y1="{top}" y2="{height}" class="grid"/>')
        drawn.append(f'<text x="{at}" y="{top - 3}" text-anchor="middle">{_power(power)}</text>')
    y, comparison = top + 2, ""
    for each in shown:
        if each.comparison != comparison:
            comparison = each.comparison
            drawn.append(f'<text x="0" y="{y + 13}" font-weight="bold">{escape(comparison.replace("_", " "))}</text>')
            y += _ROW
        drawn.append(f'<text x="{_LABELS - 8}" y="{y + 12}" text-anchor="end">{escape(_short(each.level))}</text>')
        drawn += [
            f'<circle cx="{across(m)}" cy="{y + 8}" r="2.5" fill="{COLOURS[5]}"><title>rule {rule + 1}: {m:.2g}'
            "</title></circle>"
            for rule, m in each.estimates
        ]
        for m, colour, told in ((each.m_start, COLOURS[6], "start"), (each.m, COLOURS[1], "trained")):
            at = across(m)
            drawn.append(
                f'<line x1="{at}" x2="{at}" y1="{y + 1}" y2="{y + 15}" stroke="{colour}" stroke-width="2">'
                f"<title>{told}: {m:.2g}</title></line>"
            )
        y += _ROW
    return svg(_LABELS + width + 24, height + 4, drawn, "m of each level: at the start, by each rule, as trained")


def _key(x: int, y: int) -> list[str]:
    """What the marks mean."""
    return [
        f'<line x1="{x + 2}" x2="{x + 2}" y1="{y - 11}" y2="{y + 3}" stroke="{COLOURS[6]}" stroke-width="2"/>'
        f'<text x="{x + 10}" y="{y}">start</text>',
        f'<circle cx="{x + 66}" cy="{y - 4}" r="2.5" fill="{COLOURS[5]}"/>'
        f'<text x="{x + 74}" y="{y}">by each rule</text>',
        f'<line x1="{x + 168}" x2="{x + 168}" y1="{y - 11}" y2="{y + 3}" stroke="{COLOURS[1]}" stroke-width="2"/>'
        f'<text x="{x + 176}" y="{y}">trained</text>',
    ]


def _power(power: int) -> str:
    return f"{10.0**-power:.{power}f}" if power < 5 else f"1e-{power}"


def _short(label: str) -> str:
    return label if len(label) <= 44 else f"{label[:43]}…"
