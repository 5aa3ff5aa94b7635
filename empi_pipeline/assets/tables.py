"""Metadata for people: small Markdown tables and plots of aggregates. Never a row of the data."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, most: int = 200) -> dg.MetadataValue[Any]:
    """A Markdown table; what is cut off is counted.

    Args:
        header: Column names.
        rows: Cells.
        most: How many rows to show.
    """
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    every = list(rows)
    lines += [f"| {' | '.join(_shown(cell) for cell in row)} |" for row in every[:most]]
    if len(every) > most:
        lines.append(f"\n… and {len(every) - most:,} more")
    return dg.MetadataValue.md("\n".join(lines))


def bar_chart(counts: Mapping[str, int], *, title: str) -> dg.MetadataValue[Any]:
    """Counts as a bar chart: an SVG image inside Markdown, which the Dagster UI shows.

    Args:
        counts: Label -> count, in the order to draw.
        title: What is counted.
    """
    width, bar, gap, left = 560, 14, 4, 150
    largest = max(counts.values(), default=0) or 1
    drawn = []
    for position, (label, count) in enumerate(counts.items()):
        top = 22 + position * (bar + gap)
        length = max(1 if count else 0, round((width - left - 70) * count / largest))
        drawn.append(
            f'<text x="{left - 6}" y="{top + 11}" text-anchor="end">{_escaped(label)}</text>'
            f'<rect x="{left}" y="{top}" width="{length}" height="{bar}" fill="#4f7cac"/>'
            f'<text x="{left + length + 5}" y="{top + 11}">{count:,}</text>'
        )
    height = 26 + len(counts) * (bar + gap)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
        f' font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="6" y="14" font-weight="bold">{_escaped(title)}</text>{"".join(drawn)}</svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    return dg.MetadataValue.md(f"![{_escaped(title)}](data:image/svg+xml;base64,{encoded})")


def _shown(cell: Any) -> str:
    if isinstance(cell, bool) or cell is None:
        return str(cell)
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
