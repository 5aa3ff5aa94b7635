"""Plots as SVG text, for a page that needs nothing from elsewhere. Labels are escaped, colours told apart by all.

Text takes the colour of the page, so that plots are readable in the light and in the dark.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from empi_pipeline.evaluation.page import wide

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "currentColor")
"""Okabe & Ito 2008: told apart also by the colour-blind."""

_WIDTH: Final = 640
_HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 24, 28, 42
_LETTER: Final = 6.6
"""About the mean width of a letter, in pixels."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line; `low` and `high` are confidence limits, drawn as a bar."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


def line_chart(
    lines: Mapping[str, Sequence[Point]],
    *,
    across: str,
    up: str,
    ticks: Mapping[float, str] | None = None,
    marks: Mapping[str, float] | None = None,
    from_zero: bool = False,
    percent: bool = True,
) -> str:
    """Lines over a common x axis.

    Args:
        lines: Name -> points in ascending x.
        across: What the x axis shows, with its unit.
        up: What the y axis shows.
        ticks: x -> what to write below it; round numbers when None.
        marks: Name -> x of a vertical line.
        from_zero: Let the y axis begin at 0; else it fits the values.
        percent: Write y as percentages; y is a share of 1.
    """
    points = [point for line in lines.values() for point in line]
    if not points:
        return '<p class="none">nothing to draw yet</p>'
    ys = [y for point in points for y in (point.y, point.low, point.high) if y is not None]
    levels = round_steps(0.0 if from_zero else min(ys), max(ys), 5, within=(0.0, 1.0) if percent else None)
    bottom, top = levels[0], levels[-1]
    first, last = min(point.x for point in points), max(point.x for point in points)
    chosen = {x: f"{x:g}" for x in round_steps(first, last, 8)} if ticks is None else ticks

    def x_at(x: float) -> float:
        inside = _WIDTH - _LEFT - _RIGHT
        return round(_LEFT + (inside * (x - first) / (last - first) if last > first else inside / 2), 1)

    def y_at(y: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - y) / (top - bottom), 1)

    step = (levels[1] - levels[0]) * (100 if percent else 1)
    digits = next((count for count in range(6) if abs(round(step, count) - step) < step * 1e-6), 6)
    drawn = [f'<text x="4" y="12" class="faint">{escape(up)}</text>']
    for y in levels:
        told = f"{100 * y:.{digits}f} %" if percent else f"{y:,.{digits}f}"
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_at(y)}" y2="{y_at(y)}" class="grid"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{y_at(y) + 4}" text-anchor="end">{told}</text>')
    floor = _HEIGHT - _BOTTOM
    free_from = 0.0
    for x, told in chosen.items():
        if not first <= x <= last:
            continue
        drawn.append(f'<line x1="{x_at(x)}" x2="{x_at(x)}" y1="{floor}" y2="{floor + 4}" class="grid"/>')
        half = len(told) * _LETTER / 2
        middle = min(x_at(x), _WIDTH - half - 2)  # Nothing is cut off at the right.
        if middle - half >= free_from:
            drawn.append(f'<text x="{middle:.1f}" y="{floor + 16}" text-anchor="middle">{escape(told)}</text>')
            free_from = middle + half + 8
    for name, x in (marks or {}).items():
        if first <= x <= last:
            drawn.append(
                f'<line x1="{x_at(x)}" x2="{x_at(x)}" y1="{_TOP}" y2="{floor}" stroke="#888" stroke-dasharray="4 3"/>'
                f'<text x="{x_at(x)}" y="{_TOP - 3}" text-anchor="middle">{escape(name)}</text>'
            )
    drawn.append(
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end" class="faint">{escape(across)}</text>'
    )
    for number, (name, line) in enumerate(lines.items()):
        colour, dashes = _look(number)
        path = " ".join(f"{x_at(point.x)},{y_at(point.y)}" for point in line)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        for point in line:
            at = x_at(point.x)
            if point.low is not None and point.high is not None:
                drawn.append(
                    f'<line x1="{at}" x2="{at}" y1="{y_at(point.low)}" y2="{y_at(point.high)}" stroke="{colour}"/>'
                )
            value = f"{100 * point.y:.3f} %" if percent else f"{point.y:,.4g}"
            drawn.append(
                f'<circle cx="{at}" cy="{y_at(point.y)}" r="2.5" fill="{colour}">'
                f"<title>{escape(name)}: {value}</title></circle>"
            )
    legend, rows = _legend(list(lines)) if len(lines) > 1 else ("", 0)
    return _svg(_HEIGHT + 18 * rows, [*drawn, legend], up)


def bar_chart(bars: Sequence[tuple[str, float]], *, share: bool = False, told: str = "") -> str:
    """Horizontal bars with their values.

    Args:
        bars: (label, value), from top to bottom.
        share: The values are shares of 1.
        told: What the bars show.
    """
    if not bars:
        return '<p class="none">none</p>'
    left, row = 230, 20
    largest = max(value for _, value in bars) or 1
    drawn = []
    for number, (label, value) in enumerate(bars):
        y = 4 + number * row
        length = round((_WIDTH - left - 90) * value / largest, 1)
        written = f"{100 * value:.2f} %" if share else f"{value:,.0f}"
        drawn.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
        drawn.append(f'<rect x="{left}" y="{y}" width="{length}" height="{row - 4}" fill="{COLOURS[0]}"/>')
        drawn.append(f'<text x="{left + length + 5}" y="{y + 13}">{written}</text>')
    return _svg(8 + row * len(bars), drawn, told)


def round_steps(low: float, high: float, about: int, within: tuple[float, float] | None = None) -> list[float]:
    """Round numbers, evenly spaced, from at most `low` to at least `high`; at least two.

    Args:
        low: The smallest value.
        high: The largest.
        about: How many steps, roughly.
        within: Do not leave these limits.
    """
    if high <= low:
        around = abs(low) * 0.01 or 0.01
        low, high = low - around, high + around
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 2.5, 5, 10) if power * size >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    steps = [round(number * step, 12) for number in range(first, last + 1)]
    if within is not None and within[0] <= low and high <= within[1]:
        steps = [each for each in steps if within[0] <= each <= within[1]]
    return steps if len(steps) > 1 else [steps[0], round(steps[0] + step, 12)]


def _look(number: int) -> tuple[str, str]:
    """Colour and dashes of a line: once the colours are used up, dashes tell lines apart."""
    turn = number // len(COLOURS)
    return COLOURS[number % len(COLOURS)], f' stroke-dasharray="{2 * turn + 2} {turn + 2}"' if turn else ""


def _legend(names: Sequence[str]) -> tuple[str, int]:
    """Below the plot, in as many rows as it takes."""
    drawn, x, row = [], float(_LEFT), 0
    for number, name in enumerate(names):
        width = 24 + len(name) * _LETTER + 16
        if x + width > _WIDTH and x > _LEFT:
            x, row = float(_LEFT), row + 1
        colour, dashes = _look(number)
        y = _HEIGHT + 8 + 18 * row
        drawn.append(
            f'<line x1="{x:.0f}" x2="{x + 18:.0f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="3"{dashes}/>'
            f'<text x="{x + 24:.0f}" y="{y + 4}">{escape(name)}</text>'
        )
        x += width
    return "".join(drawn), row + 1


def _svg(height: int, drawn: Sequence[str], told: str) -> str:
    return svg(_WIDTH, height, drawn, told)


def svg(width: int, height: int, drawn: Sequence[str], told: str) -> str:
    """A drawing of a fixed size, which scrolls where the page is narrower; `told` says what it shows."""
    return wide(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(told, quote=True)}">{"".join(drawn)}</svg>'
    )
