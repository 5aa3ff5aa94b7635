"""A page of one's own: HTML with its style and plots in it, no script, nothing fetched. For mailing and archiving."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1a1a1a; --back: #fff; --line: #ddd; --faint: #5f5f5f; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e4e4; --back: #17191c; --line: #3a3e44; --faint: #a5a5a5; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: var(--text);
  background: var(--back); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } p { max-width: 48rem; }
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; }
th, td { padding: .15rem .7rem .15rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th.number, td.number { text-align: right; } td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { display: block; font: 12px system-ui, sans-serif; fill: currentColor; } svg .grid { stroke: var(--line); }
svg .back { fill: none; } svg .faint { fill: var(--faint); }
.none, footer { color: var(--faint); } footer { margin-top: 2.5rem; }
@media print { .wide { overflow: visible; } svg { max-width: 100%; height: auto; } }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a line of explanation, and ready HTML (from `table` and `plots`)."""

    title: str
    told: str
    body: str


def page(title: str, sections: Iterable[Section], made_at: datetime) -> str:
    """The whole document."""
    parts = "".join(
        f"<section><h2>{escape(each.title)}</h2><p>{escape(each.told)}</p>{each.body}</section>" for each in sections
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{parts}"
        f"<footer>Made {made_at:%Y-%m-%d %H:%M} UTC by empi. Counts and shares only; no value of a record.</footer>"
        f"</body></html>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; numbers stand to the right, below headings that do."""
    listed = list(rows)
    if not listed:
        return '<p class="none">none</p>'
    head = "".join(
        f'<th scope="col"{_NUMBER if any(map(_is_number, column)) else ""}>{escape(name)}</th>'
        for name, column in zip(header, zip(*listed, strict=True), strict=True)
    )
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in listed)
    return wide(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def wide(body: str) -> str:
    """HTML that may be wider than a small screen: it scrolls by itself, not the page."""
    return f'<div class="wide" tabindex="0">{body}</div>'


_NUMBER: Final = ' class="number"'


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if _is_number(value):
        return f"<td{_NUMBER}>{value:,}</td>" if isinstance(value, int) else f"<td{_NUMBER}>{value:.4f}</td>"
    return f"<td>{escape(str(value))}</td>"
