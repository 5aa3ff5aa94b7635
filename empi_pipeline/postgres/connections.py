"""The one place that opens connections to Postgres, and that turns its errors into messages without field values."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from empi_pipeline.errors import EmpiError

Connection = psycopg.Connection[TupleRow]

_PASSWORD = re.compile(r"(://[^:/@]*:)[^@]*@")


class DatabaseError(EmpiError):
    """Postgres refused or lost a statement; the message holds the SQL state and object names, never values."""

    exit_code = 3

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        self.sqlstate = sqlstate
        super().__init__(message)


@contextmanager
def connect(url: str, *, autocommit: bool = False, name: str = "empi", **options: Any) -> Iterator[Connection]:
    """Open a connection; commits at the end, or rolls back and raises `DatabaseError`.

    Args:
        url: A libpq URL.
        autocommit: One transaction a statement, for `create database` and the like.
        name: Shown as `application_name` in `pg_stat_activity`.
        options: Further libpq parameters.
    """
    with (
        values_withheld(),
        psycopg.connect(url, autocommit=autocommit, application_name=name, **options) as connection,
    ):
        yield connection


@contextmanager
def values_withheld() -> Iterator[None]:
    """Raise `DatabaseError` for any psycopg error within, without its DETAIL, CONTEXT and quoted values (PHI)."""
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseError(_without_values(error), error.sqlstate) from None


def _without_values(error: psycopg.Error) -> str:
    diagnostic = error.diag
    if error.sqlstate is None:  # Raised by the client: connection refused, lost, ...; it names hosts, not rows.
        told = _PASSWORD.sub(r"\1***@", str(error).strip() or type(error).__name__)
        return f"Postgres: {told}"
    named = [
        f"{label} {value}"
        for label, value in (
            ("table", diagnostic.table_name),
            ("column", diagnostic.column_name),
            ("constraint", diagnostic.constraint_name),
        )
        if value
    ]
    # Class 42 (syntax, privileges), 3D/57/53/55/40 (server state): the message names objects, not values.
    told = diagnostic.message_primary or "" if error.sqlstate[:2] in {"42", "3D", "57", "53", "55", "40", "28"} else ""
    return " ".join(["Postgres", type(error).__name__, f"({error.sqlstate})", *named, told]).strip()
