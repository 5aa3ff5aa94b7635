"""NDJSON: one JSON object a line, keys as column names; parsed by DuckDB, a block of lines at a time."""

from collections.abc import Iterator
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline import sql
from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.formats import ByteStream, read_fully
from empi_pipeline.intake.layout import ReadLimits, SourceLayout, normalised_name, plan_columns
from empi_pipeline.intake.rows import ParsedRows, RejectedRow

_SCAN_ROWS: Final = 16_384


class NdjsonReader:
    """Reads one object; columns are found block by block, as each line may bring its own keys."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        stream: ByteStream,
        object_name: str,
        layout: SourceLayout,
        limits: ReadLimits,
    ) -> None:
        self._con = con
        self._stream = stream
        self._object_name = object_name
        self._layout = layout
        self._limits = limits

    def rows(self) -> Iterator[ParsedRows]:
        """The rows in order; blank lines are no rows.

        Raises:
            UnreadableObjectError: A line exceeds `max_row_bytes`, or keys clash.
        """
        for first_line, lines in self._lines():
            numbered = [(first_line + at, line) for at, line in enumerate(lines) if not _is_blank(line)]
            for start in range(0, len(numbered), self._limits.max_batch_rows):
                yield self._parsed(numbered[start : start + self._limits.max_batch_rows])

    def _lines(self) -> Iterator[tuple[int, list[bytes]]]:
        waiting, line_number, is_end = b"", 1, False
        while not is_end:
            wanted = max(self._limits.block_bytes, len(waiting))
            block = read_fully(self._stream, wanted)
            is_end = len(block) < wanted
            whole, _, waiting = (waiting + block).rpartition(b"\n") if not is_end else (waiting + block, b"", b"")
            if len(waiting) > self._limits.max_row_bytes:
                raise UnreadableObjectError(
                    "row_too_long",
                    f"{self._object_name}: a line behind line {line_number:,} is longer than "
                    f"{self._limits.max_row_bytes:,} bytes; deliver one JSON object a line",
                )
            if whole or not is_end:
                lines = whole.split(b"\n") if whole else []
                yield line_number, lines
                line_number += len(lines)

    def _parsed(self, numbered: list[tuple[int, bytes]]) -> ParsedRows:
        keep = self._limits.kept_row_bytes
        unparsed = [RejectedRow(at, "undecodable", None, line[:keep]) for at, line in numbered if not _is_utf8(line)]
        if unparsed:
            undecodable = {row.line_number for row in unparsed}
            numbered = [row for row in numbered if row[0] not in undecodable]
        keys = self._queried("intake/json_keys", numbered).column("keys").to_pylist() if numbered else []
        clashing = {each for each in {tuple(each) for each in keys if each is not None} if _clash(each)}
        good = [each is not None and tuple(each) not in clashing for each in keys]
        unparsed += [
            RejectedRow(at, "unparsable_row", None, line[:keep])
            for (at, line), is_good in zip(numbered, good, strict=True)
            if not is_good
        ]
        numbered = [row for row, is_good in zip(numbered, good, strict=True) if is_good]
        delivered = sorted({key for each, is_good in zip(keys, good, strict=True) if is_good for key in each})
        names, cells = self._cells(delivered, numbered)
        plan = plan_columns(names, self._layout, self._limits, self._object_name, complete=False)
        line_numbers = pa.array([at for at, _ in numbered], pa.int64())
        return ParsedRows(plan, cells, line_numbers, lambda at: numbered[at][1], unparsed)

    def _cells(self, keys: list[str], numbered: list[tuple[int, bytes]]) -> tuple[list[str], list[pa.Array]]:
        """Column names and their values as text; keys that differ only in case or spaces are one column."""
        if not keys or not numbered:
            return [], []
        pointers = ["/" + key.replace("~", "~0").replace("/", "~1") for key in keys]
        values = (
            self._queried("intake/json_values", numbered, pointers=pointers).column("texts").combine_chunks().flatten()
        )
        by_name: dict[str, list[pa.Array]] = {}
        for at, key in enumerate(keys):
            by_name.setdefault(normalised_name(key), []).append(values.take(pa.arange(at, len(values), len(keys))))
        return list(by_name), [pc.coalesce(*columns) for columns in by_name.values()]

    def _queried(self, query: str, numbered: list[tuple[int, bytes]], **parameters: list[str]) -> pa.Table:
        lines = pa.array([line for _, line in numbered], pa.binary()).cast(pa.string())
        table = pa.table({"line_number": pa.array([at for at, _ in numbered], pa.int64()), "line": lines})
        self._con.register("json_lines", pa.Table.from_batches(table.to_batches(max_chunksize=_SCAN_ROWS)))
        try:
            return self._con.sql(sql.load(query), params=parameters or None).to_arrow_table()
        finally:
            self._con.unregister("json_lines")


def _clash(keys: tuple[str, ...]) -> bool:
    """Whether one object has two values for one column."""
    return len({normalised_name(key) for key in keys}) < len(keys)


def _is_blank(line: bytes) -> bool:
    return not line or line.isspace()


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False
