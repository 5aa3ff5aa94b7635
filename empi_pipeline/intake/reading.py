"""Reading a delivered object: the one face of the formats."""

from collections.abc import Iterator
from typing import Protocol

import duckdb

from empi_pipeline.intake.csv_blocks import CsvReader
from empi_pipeline.intake.formats import ByteStream, Format, PeekedStream, as_utf8, delimiter_of, recognise
from empi_pipeline.intake.layout import ColumnPlan, ReadLimits, SourceLayout, shown_name
from empi_pipeline.intake.ndjson import NdjsonReader
from empi_pipeline.intake.parquet import ParquetReader
from empi_pipeline.intake.rows import ParsedRows, RowBatch, judge_rows


class _Reader(Protocol):
    def rows(self) -> Iterator[ParsedRows]: ...


class DeliveredObject:
    """One delivered object, read once from beginning to end in bounded memory.

    Iterate over it for its `RowBatch`es. A fault of a row rejects that row; a fault of the whole object raises, perhaps
    after some batches: whoever stores them does so in one transaction (or savepoint) per object and rolls back.

    Example:
        >>> with open_scratch() as con:
        ...     delivered = DeliveredObject(con, stream, "inbox/site-a/2026-11-20.csv.gz")
        ...     for batch in delivered:
        ...         store(batch.accepted, batch.rejected)
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        stream: ByteStream,
        name: str,
        layout: SourceLayout | None = None,
        limits: ReadLimits | None = None,
    ) -> None:
        """Recognise the format and read as far as the column names.

        Args:
            con: Scratch database; used for hashing, and left as it was.
            stream: The object's bytes from the beginning.
            name: Key or file name, for its suffix and for messages.
            layout: The standard one when None.
            limits: The defaults when None.

        Raises:
            UnreadableObjectError: The object cannot be read at all.
        """
        self.name = name
        self.rows_accepted = 0
        self.rows_rejected = 0
        self._has_rows = False
        self._unknown: set[str] = set()
        self._left_out: set[str] = set()
        self._con = con
        self._limits = limits or ReadLimits()
        layout = layout or SourceLayout()
        self.format: Format | None = None
        self._reader: _Reader | None = None
        beginning = PeekedStream(stream)
        if not beginning.peek(1):
            return  # No bytes are a delivery of no rows, whatever the name.
        self.format, unpacked = recognise(beginning, name)
        if self.format is Format.PARQUET:
            self._reader = ParquetReader(unpacked, name, layout, self._limits)
        elif self.format is Format.NDJSON:
            self._reader = NdjsonReader(con, as_utf8(unpacked, layout), name, layout, self._limits)
        else:
            reader = CsvReader(as_utf8(unpacked, layout), name, delimiter_of(name, layout), layout, self._limits)
            self._reader = reader if reader.plan else None
            self._note_columns(reader.plan)
        if isinstance(self._reader, ParquetReader):
            self._note_columns(self._reader.plan)

    def __iter__(self) -> Iterator[RowBatch]:
        """The rows in order, at most `limits.max_batch_rows` at a time; only the first iteration finds any.

        Raises:
            UnreadableObjectError: The object turns out to be unreadable; nothing of it must be kept.
        """
        for parsed in self.parsed():
            for part in _parts(parsed, self._limits.max_batch_rows):
                batch = judge_rows(self._con, part, self._limits)
                self.rows_accepted += batch.accepted.num_rows
                self.rows_rejected += batch.rejected.num_rows
                yield batch

    def parsed(self) -> Iterator[ParsedRows]:
        """The rows in order as the parser leaves them, for who judges those of several objects together.

        Raises:
            UnreadableObjectError: The object turns out to be unreadable; nothing of it must be kept.
        """
        if self._reader is None:
            return
        for parsed in self._reader.rows():
            self._note_columns(parsed.plan)
            self._has_rows |= bool(len(parsed.line_numbers) or parsed.unparsed)
            yield parsed

    def _note_columns(self, plan: ColumnPlan | None) -> None:
        if plan is not None:
            self._unknown.update(name for name, _ in plan.extra)
            self._left_out.update(plan.left_out)

    @property
    def note(self) -> str | None:
        """What is odd about a readable object without rows, once it is read; else None."""
        if self._reader is None:
            return "the object is empty: no header, no rows"
        return None if self._has_rows else "the object has column names but no rows"

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Names of delivered columns that are kept aside in `extra`, sorted; those met so far."""
        return tuple(sorted(map(shown_name, self._unknown)))

    @property
    def left_out_columns(self) -> tuple[str, ...]:
        """Names of delivered columns that the layout leaves out, sorted; those met so far."""
        return tuple(sorted(map(shown_name, self._left_out)))


def _parts(parsed: ParsedRows, most: int) -> Iterator[ParsedRows]:
    """The same rows in parts of at most `most`; the unparsed ones go with the first."""
    if len(parsed.line_numbers) <= most:
        yield parsed
        return
    for start in range(0, len(parsed.line_numbers), most):
        yield ParsedRows(
            parsed.plan,
            [cell.slice(start, most) for cell in parsed.cells],
            parsed.line_numbers.slice(start, most),
            lambda at, start=start: parsed.raw(start + at),  # type: ignore[misc]
            parsed.unparsed if start == 0 else (),
        )
