"""A page of one's own: HTML with its style and plots in it, no script, nothing fetched. For mailing and archiving."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; } th, td { padding: .15rem .7rem; border-bottom: 1px solid #ddd; }
th { text-align: left; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { max-width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg .grid { stroke: #e3e3e3; }
.none, footer { color: #666; }
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
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{parts}"
        f"<footer>Made {made_at:%Y-%m-%d %H:%M} UTC by empi. Counts and shares only; no value of a record.</footer>"
        f"</body></html>\n"
    )


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; numbers stand to the right."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    if isinstance(value, float):
        return f'<td class="number">{value:.4f}</td>'
    return f"<td>{escape(str(value))}</td>"
