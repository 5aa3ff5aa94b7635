"""How commands print: results to stdout, as readable text or as JSON; everything else to stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_MISSING: Final = "-"


def print_json(result: Any) -> None:
    """One JSON document on stdout; times as ISO 8601."""
    sys.stdout.write(json.dumps(result, indent=2, default=_as_json, ensure_ascii=False) + "\n")


def print_fields(fields: Mapping[str, Any]) -> None:
    """`name  value` lines, aligned; dots are left where a value is missing."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        sys.stdout.write(f"{name:<{width}}  {shown(value)}\n")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns padded to their widest value, numbers to the right; plain text that `grep` and `awk` understand."""
    rows = list(rows)
    cells = [[shown(value) for value in row] for row in rows]
    widths = [max(len(header), *(len(row[at]) for row in cells), 0) for at, header in enumerate(headers)]
    numeric = [
        bool(rows) and all(isinstance(row[at], int | float) or row[at] is None for row in rows)
        for at in range(len(headers))
    ]
    for line in ([*headers], *cells):
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def say(message: str) -> None:
    """A line of text on stdout."""
    sys.stdout.write(message + "\n")


def note(message: str) -> None:
    """A remark on stderr, apart from the result."""
    sys.stderr.write(message + "\n")


def shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return _MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or _MISSING
    return str(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
