"""How the tests of intake read: one small object, its rows as plain values."""

import gzip
import io
from dataclasses import dataclass, field

import duckdb

from empi_pipeline.intake.layout import ReadLimits, SourceLayout
from empi_pipeline.intake.reading import DeliveredObject


@dataclass
class Read:
    """All that came out of one object; missing values are left out of the rows."""

    accepted: list[dict[str, object]] = field(default_factory=list)
    rejected: list[tuple[int, str, str | None, bytes]] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    note: str | None = None

    @property
    def lines(self) -> list[object]:
        return [row["line_number"] for row in self.accepted]

    def column(self, name: str) -> list[object]:
        return [row.get(name) for row in self.accepted]

    @property
    def hashes(self) -> list[object]:
        return self.column("content_hash")


def read(
    con: duckdb.DuckDBPyConnection,
    content: bytes,
    name: str = "inbox/a.csv",
    layout: SourceLayout | None = None,
    limits: ReadLimits | None = None,
) -> Read:
    delivered = DeliveredObject(con, io.BytesIO(content), name, layout, limits)
    result = Read()
    for batch in delivered:
        result.accepted += [
            {name: value for name, value in row.items() if value is not None} for row in batch.accepted.to_pylist()
        ]
        result.rejected += [tuple(row.values()) for row in batch.rejected.to_pylist()]  # type: ignore[misc]
    result.unknown, result.note = delivered.unknown_columns, delivered.note
    assert delivered.rows_accepted == len(result.accepted)
    assert delivered.rows_rejected == len(result.rejected)
    return result


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
