"""Where the seconds go, as an SVG picture: one bar a stretch of work, in the parts it is made of."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

from benchmarks.speed.meter import Cost

_COLOURS: Final = ("#4f7cac", "#c0a040", "#7a9e5f", "#b0656a", "#7d6fa8", "#5aa0a0", "#a87f4f", "#8a8f98")
_WIDTH, _BAR, _LEFT = 900, 22, 170


def plot(results: Mapping[str, Mapping[str, Cost]], file: Path) -> None:
    """Write the picture: CPU seconds of Python and Postgres, each size on a scale of its own.

    Args:
        results: Costs by part, by size.
        file: To write.
    """
    drawn: list[str] = []
    top = 10
    for size, costs in results.items():
        bars = {name: _parts(name, costs) for name in costs if ": " not in name}
        longest = max(sum(parts.values()) for parts in bars.values()) or 1.0
        drawn.append(f'<text x="10" y="{top + 14}" font-weight="bold">{escape(size)} records</text>')
        top += 22
        for name, parts in bars.items():
            drawn.append(f'<text x="{_LEFT - 6}" y="{top + 15}" text-anchor="end">{escape(name)}</text>')
            left = float(_LEFT)
            for number, (part, seconds) in enumerate(parts.items()):
                width = (_WIDTH - _LEFT - 90) * seconds / longest
                drawn.append(
                    f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR - 4}"'
                    f' fill="{_COLOURS[number % len(_COLOURS)]}"><title>{escape(part)}: {seconds:.2f} s</title></rect>'
                )
                if width > 70:
                    shown = escape(part[: int(width / 6)])
                    drawn.append(f'<text x="{left + 4:.1f}" y="{top + 13}" fill="white" font-size="10">{shown}</text>')
                left += width
            drawn.append(f'<text x="{left + 5:.1f}" y="{top + 14}">{sum(parts.values()):.1f} s CPU</text>')
            top += _BAR
        top += 14
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" font-family="sans-serif"'
        f' font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(drawn)}</svg>\n',
        encoding="utf-8",
    )


def _parts(name: str, costs: Mapping[str, Cost]) -> dict[str, float]:
    """CPU seconds of the parts of a stretch; of the stretch itself where it has none."""
    parts = {
        each.partition(": ")[2]: cost.python_cpu + cost.postgres_cpu
        for each, cost in costs.items()
        if each.startswith(f"{name}: ")
    }
    return parts or {name: costs[name].python_cpu + costs[name].postgres_cpu}
