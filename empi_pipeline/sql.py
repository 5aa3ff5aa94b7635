"""The one place that loads SQL: `load("identity/touched_persons")` reads `sql/identity/touched_persons.sql`."""

from functools import cache
from pathlib import Path
from typing import Final, LiteralString

_PACKAGE = Path(__file__).parent


def _root() -> Path:
    """The folder of the SQL files: beside the package in a checkout, inside it in an installed wheel."""
    installed = _PACKAGE / "_sql"
    return installed if installed.is_dir() else _PACKAGE.parent / "sql"


SQL_ROOT: Final = _root()


@cache
def load(name: str) -> LiteralString:
    """The text of one statement.

    Args:
        name: Room and file without suffix, e.g. `"matching/candidates"`.

    Raises:
        FileNotFoundError: There is no such file; a programming error.
    """
    return (SQL_ROOT / f"{name}.sql").read_text(encoding="utf-8")
