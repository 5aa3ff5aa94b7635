"""Plots as SVG text, for a page that needs nothing from elsewhere. Labels are escaped, colours told apart by all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe & Ito 2008: told apart also by the colour-blind."""

_WIDTH: Final = 640
_HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 40


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line; `low` and `high` are confidence limits, drawn as a bar."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


def line_chart(
    lines: Mapping[str, Sequence[Point]], *, ticks: Mapping[float, str], from_zero: bool = False, percent: bool = True
) -> str:
    """Lines over a common x axis.

    Args:
        lines: Name -> points in ascending x.
        ticks: x -> what to write below it.
        from_zero: Let the y axis begin at 0; else it fits the values.
        percent: Write y as percentages.
    """
    points = [point for line in lines.values() for point in line]
    if not points:
        return '<p class="none">nothing to draw yet</p>'
    ys = [y for point in points for y in (point.y, point.low, point.high) if y is not None]
    bottom, top = (0.0 if from_zero else min(ys)), max(ys)
    spread = (top - bottom) or abs(top) or 1.0
    bottom, top = (bottom if from_zero else bottom - 0.05 * spread), top + 0.05 * spread
    first, last = min(point.x for point in points), max(point.x for point in points)

    def across(x: float) -> float:
        inside = _WIDTH - _LEFT - _RIGHT
        return round(_LEFT + (inside * (x - first) / (last - first) if last > first else inside / 2), 1)

    def down(y: float) -> float:
        return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - y) / (top - bottom), 1)

    drawn = []
    for step in range(5):
        y = bottom + (top - bottom) * step / 4
        told = f"{100 * y:.2f} %" if percent else f"{y:,.4g}"
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{down(y)}" y2="{down(y)}" class="grid"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{down(y) + 4}" text-anchor="end">{told}</text>')
    drawn += [
        f'<text x="{across(x)}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{escape(told)}</text>'
        for x, told in ticks.items()
        if first <= x <= last
    ]
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across(point.x)},{down(point.y)}" for point in line)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in line:
            at = across(point.x)
            if point.low is not None and point.high is not None:
                drawn.append(
                    f'<line x1="{at}" x2="{at}" y1="{down(point.low)}" y2="{down(point.high)}" stroke="{colour}"/>'
                )
            value = f"{100 * point.y:.3f} %" if percent else f"{point.y:,.4g}"
            drawn.append(
                f'<circle cx="{at}" cy="{down(point.y)}" r="3" fill="{colour}">'
                f"<title>{escape(name)}: {value}</title></circle>"
            )
    legend = "".join(
        f'<tspan fill="{COLOURS[number % len(COLOURS)]}" dx="{12 if number else 0}">{escape(name)}</tspan>'
        for number, name in enumerate(lines)
    )
    drawn.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{legend}</text>')
    return _svg(_HEIGHT, drawn)


def bar_chart(bars: Sequence[tuple[str, float]], *, share: bool = False) -> str:
    """Horizontal bars with their values.

    Args:
        bars: (label, value), from top to bottom.
        share: The values are shares of 1.
    """
    if not bars:
        return '<p class="none">none</p>'
    left, row = 230, 20
    largest = max(value for _, value in bars) or 1
    drawn = []
    for number, (label, value) in enumerate(bars):
        y = 4 + number * row
        length = round((_WIDTH - left - 90) * value / largest, 1)
        told = f"{100 * value:.2f} %" if share else f"{value:,.0f}"
        drawn.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
        drawn.append(f'<rect x="{left}" y="{y}" width="{length}" height="{row - 4}" fill="{COLOURS[0]}"/>')
        drawn.append(f'<text x="{left + length + 5}" y="{y + 13}">{told}</text>')
    return _svg(8 + row * len(bars), drawn)


def _svg(height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' role="img">{"".join(drawn)}</svg>'
    )
