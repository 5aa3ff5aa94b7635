"""Exports of what the index holds now, as CSV piece by piece: all records with their persons, all pairs in question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import psycopg
from psycopg import sql

from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

What = Literal["person_records", "potential_matches"]

_PIECE_BYTES: Final = 256_000


@dataclass(frozen=True, slots=True)
class ExportFilters:
    """Which rows; None: all.

    Attributes:
        data_sources: Records of these; of pairs, one record at least.
        scope: The data sources one may see: nothing of others is told.
        batch_no: Records this batch brought.
        since: Records of batches formed then or later; pairs of cases opened then or later.
        before: ... before then.
        kind: Pairs of cases of this kind.
    """

    data_sources: list[str] | None = None
    scope: list[str] | None = None
    batch_no: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    kind: str | None = None

    def values(self) -> Mapping[str, Any]:
        """As bound values."""
        return {name: getattr(self, name) for name in self.__slots__}


def export_pieces(connection: Connection, what: What, filters: ExportFilters) -> Iterator[bytes]:
    """The export with its header, in pieces of some hundred kilobytes; one snapshot, bounded memory.

    Args:
        connection: In use until the last piece.
        what: Which export.
        filters: Which rows.
    """
    # COPY takes no server-side parameters: psycopg quotes them on this side.
    query = psycopg.ClientCursor(connection).mogrify(load(f"publishing/{what}"), filters.values())
    statement = sql.SQL("copy ({}) to stdout (format csv, header)").format(sql.SQL(query))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        waiting = bytearray()
        for piece in copy:
            waiting += piece
            if len(waiting) >= _PIECE_BYTES:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)


def count_rows(connection: Connection, what: What, filters: ExportFilters) -> int:
    """How many rows an export would have."""
    statement = sql.SQL("select count(*) from ({}) as export").format(sql.SQL(load(f"publishing/{what}")))
    row = connection.execute(statement, filters.values()).fetchone()
    assert row is not None
    return int(row[0])
