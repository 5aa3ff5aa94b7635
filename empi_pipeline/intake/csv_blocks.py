"""CSV in blocks: regular stretches are parsed at once by Arrow, irregular ones row by row, with the same result.

Where each row is one line, those with another number of fields than the header and blank lines are sorted out before.
A stretch is regular when it consists of whole rows that keep the rules of `csv_rows` (one pass of a regular expression
where there are quotes at all, see `CsvGrammar.regular`), all have the header's number of fields, and no line is blank.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.csv_rows import CsvGrammar, CsvRow, CsvStretch, count_lines
from empi_pipeline.intake.formats import ByteStream, read_fully
from empi_pipeline.intake.layout import ColumnPlan, ReadLimits, SourceLayout, plan_columns
from empi_pipeline.intake.rows import ParsedRows, RejectedRow

_PIECE_BYTES: Final = 128 << 10
"""An irregular block is read again in pieces of this size, so that one odd row slows down only its surroundings."""

_ROWS_AT_ONCE: Final = 20_000
"""Rows that the row-by-row path collects."""


class CsvReader:
    """Reads one object; `plan` is known after the header, None when the object is empty."""

    def __init__(
        self, stream: ByteStream, object_name: str, delimiter: str, layout: SourceLayout, limits: ReadLimits
    ) -> None:
        """Read as far as the header.

        Raises:
            UnreadableObjectError: No usable header.
        """
        self._stream = stream
        self._object_name = object_name
        self._limits = limits
        self._delimiter = delimiter
        self._grammar = CsvGrammar(delimiter)
        self._is_end = False
        self._line_number = 1
        self._text = b""
        self.plan: ColumnPlan | None = None
        header = self._header()
        if header is not None:
            self.plan = plan_columns(self._names(header), layout, limits, object_name)

    def rows(self) -> Iterator[ParsedRows]:
        """The rows behind the header, in order.

        Raises:
            UnreadableObjectError: The object ends inside quotes, or a row exceeds `max_row_bytes`.
        """
        if self.plan is None:
            return
        while True:
            yield from self._block(self.plan)
            if self._is_end:
                return
            self._read_more()

    def _read_more(self) -> None:
        if len(self._text) > self._limits.max_row_bytes:
            raise UnreadableObjectError(
                "row_too_long",
                f"{self._object_name}, line {self._line_number:,}: the row does not end within "
                f"{self._limits.max_row_bytes:,} bytes; probably a quote is opened and never closed",
            )
        # As much again as is waiting: a long row is then looked at a few times, not once per block.
        wanted = max(self._limits.block_bytes, len(self._text))
        block = read_fully(self._stream, wanted)
        self._is_end = len(block) < wanted
        while block.endswith(b"\r") and not self._is_end:  # CR LF must not be torn apart.
            more = read_fully(self._stream, 1)
            self._is_end = not more
            block += more
        self._text += block

    def _header(self) -> CsvRow | None:
        while True:
            self._read_more()
            stretch = CsvStretch(self._text, 1, self._is_end)
            header = next(stretch.rows(self._grammar, self._object_name), None)
            if header is not None or self._is_end:
                self._text, self._line_number = self._text[stretch.position :], stretch.line_number
                return header

    def _names(self, header: CsvRow) -> list[str]:
        if header.fields is None:
            raise UnreadableObjectError(
                "bad_header", f"{self._object_name}: the header has text after a closing quote; mend it"
            )
        try:
            return [field.decode("utf-8") for field in header.fields]
        except UnicodeDecodeError:
            raise UnreadableObjectError(
                "bad_header", f"{self._object_name}: the header is not UTF-8; set the encoding of the data source"
            ) from None

    def _block(self, plan: ColumnPlan) -> Iterator[ParsedRows]:
        """Read what is there as far as whole rows go; the rest stays."""
        if self._is_end and self._text.endswith((b"\n\n", b"\r\n\r\n")):
            # Blank lines at the end are common, and no reason for the slow path.
            self._text = self._text.rstrip(b"\r\n") + b"\n"
        cut = self._whole_rows(self._text, self._is_end)
        at_once = self._at_once(self._text[:cut], plan)
        if at_once is not None:
            self._text = self._text[cut:]
            yield at_once
            return
        block, start, waiting = self._text, 0, 0
        while start < len(block):
            end = _line_end(block, start, start + max(_PIECE_BYTES, 2 * waiting))
            is_last = self._is_end and end == len(block)
            self._text = block[start - waiting : end]
            yield from self._piece(plan, is_last)
            start, waiting = end, len(self._text)

    def _piece(self, plan: ColumnPlan, is_end: bool) -> Iterator[ParsedRows]:
        cut = self._whole_rows(self._text, is_end)
        at_once = self._at_once(self._text[:cut], plan)
        if at_once is not None:
            self._text = self._text[cut:]
            yield at_once
            return
        stretch = CsvStretch(self._text, self._line_number, is_end)
        rows: list[CsvRow] = []
        for row in stretch.rows(self._grammar, self._object_name):
            rows.append(row)
            if len(rows) == _ROWS_AT_ONCE:
                yield self._collected(rows, plan)
                rows = []
        if rows:
            yield self._collected(rows, plan)
        self._text, self._line_number = self._text[stretch.position :], stretch.line_number

    @staticmethod
    def _whole_rows(text: bytes, is_end: bool) -> int:
        """Where the last whole row probably ends; `_regular` finds out whether that is so."""
        if is_end:
            return len(text)
        cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        if b'"' in text and text.count(b'"', 0, cut) % 2:
            cut = text.rfind(b'"', 0, cut)
            cut = max(text.rfind(b"\n", 0, cut), text.rfind(b"\r", 0, cut)) + 1
        return cut

    def _at_once(self, text: bytes, plan: ColumnPlan) -> ParsedRows | None:
        """All of these rows, and on to the line behind them; None when they must be read row by row."""
        regular = self._regular(text, plan)
        return regular if regular is not None else self._line_by_line(text, plan)

    def _regular(self, text: bytes, plan: ColumnPlan) -> ParsedRows | None:
        if text and not text.endswith((b"\n", b"\r")):
            text += b"\n"
        # Arrow drops a byte order mark anywhere it begins to read, and takes a blank line for a row.
        if not text or text.startswith((b"\n", b"\r", b"\xef\xbb\xbf")) or _has_blank_line(text):
            return None
        if b'"' in text:
            whole = pa.scalar(text, pa.binary())
            if not pc.match_substring_regex(whole, pattern=self._grammar.regular).as_py():
                return None
        table = self._parsed_at_once(text, plan.delivered)
        if table is None:
            return None
        cells = [column.combine_chunks() for column in table.columns]
        lines = count_lines(text)
        starts = pa.arange(self._line_number, self._line_number + table.num_rows)
        if lines != table.num_rows:
            starts = self._starts_with_inner_lines(cells)
        raw = _RawLines(text, starts, self._line_number)
        self._line_number += lines
        return ParsedRows(plan, cells, starts, raw.row)

    def _line_by_line(self, text: bytes, plan: ColumnPlan) -> ParsedRows | None:
        """Rows of which each is one line and keeps the rules: those with too few or many fields are sorted out."""
        lines = text.splitlines()
        array = pa.array(lines, pa.binary())
        pattern = self._grammar.row_on_a_line
        if b'"' in text and not pc.all(pc.match_substring_regex(array, pattern=pattern)).as_py():
            return None
        marks = pc.count_substring(array, pattern=self._delimiter)
        odd = pc.or_(pc.not_equal(marks, plan.delivered - 1), pc.equal(pc.binary_length(array), 0))
        sorted_out = {at for at in pc.indices_nonzero(odd).to_pylist() if not self._is_row(lines[at], plan)}
        kept = [at for at in range(len(lines)) if at not in sorted_out]
        good = [lines[at] for at in kept]
        if good and good[0].startswith(b"\xef\xbb\xbf"):
            return None
        cells = [pa.array([], pa.binary())] * plan.delivered
        if good:
            table = self._parsed_at_once(b"\n".join(good) + b"\n", plan.delivered)
            if table is None:
                return None
            cells = [column.combine_chunks() for column in table.columns]
        unparsed = [
            RejectedRow(self._line_number + at, "field_count", None, lines[at][: self._limits.kept_row_bytes])
            for at in sorted(sorted_out)
            if lines[at]
        ]
        starts = pc.add(pa.array(kept, pa.int64()), self._line_number)
        self._line_number += len(lines)
        return ParsedRows(plan, cells, starts, lambda at: good[at], unparsed)

    def _is_row(self, line: bytes, plan: ColumnPlan) -> bool:
        """Whether this line, which keeps the rules, has the header's number of fields; a blank line is no row."""
        if not line:
            return False
        if b'"' not in line:
            return line.count(self._delimiter.encode()) == plan.delivered - 1
        _, fields = self._grammar.row(line, 0)
        return fields is not None and len(fields) == plan.delivered

    def _parsed_at_once(self, text: bytes, columns: int) -> pa.Table | None:
        names = [str(at) for at in range(columns)]
        try:
            return pa.csv.read_csv(
                pa.BufferReader(text),
                read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, ignore_empty_lines=False
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.binary()),
                    check_utf8=False,
                    strings_can_be_null=False,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:  # A row with another number of fields. The message quotes it: never pass it on.
            return None

    def _starts_with_inner_lines(self, cells: list[pa.Array]) -> pa.Array:
        """The line where each row starts, when values contain line ends: one line each and those inside."""
        lines = pa.repeat(pa.scalar(1, pa.int64()), len(cells[0]))
        for cell in cells:
            ends = pc.subtract(
                pc.add(pc.count_substring(cell, "\n"), pc.count_substring(cell, "\r")), pc.count_substring(cell, "\r\n")
            )
            lines = pc.add(lines, ends.cast(pa.int64()))
        return pc.subtract(pc.cumulative_sum(lines, start=self._line_number), lines)

    def _collected(self, rows: list[CsvRow], plan: ColumnPlan) -> ParsedRows:
        good = [row for row in rows if row.fields is not None and len(row.fields) == plan.delivered]
        unparsed = [
            RejectedRow(
                row.line_number,
                "unparsable_row" if row.fields is None else "field_count",
                None,
                row.content[: self._limits.kept_row_bytes],
            )
            for row in rows
            if row.fields is None or len(row.fields) != plan.delivered
        ]
        cells = [pa.array([row.fields[at] for row in good if row.fields], pa.binary()) for at in range(plan.delivered)]
        return ParsedRows(
            plan, cells, pa.array([row.line_number for row in good], pa.int64()), lambda at: good[at].content, unparsed
        )


def _line_end(block: bytes, start: int, near: int) -> int:
    """The end of a line close to `near`, behind `start`; the end of the block when there is none."""
    if near >= len(block):
        return len(block)
    end = max(block.rfind(b"\n", start, near), block.rfind(b"\r", start, near - 1)) + 1
    return end if end > start else block.find(b"\n", near) + 1 or len(block)


def _has_blank_line(text: bytes) -> bool:
    """Whether there is one, perhaps inside quotes; looking for single bytes first is much faster."""
    return b"\n\n" in text or (b"\r" in text and (b"\r\r" in text or b"\n\r" in text))


class _RawLines:
    """The delivered bytes of rows, split into lines only when somebody asks (a row was rejected)."""

    def __init__(self, text: bytes, starts: pa.Array, first_line: int) -> None:
        self._text = text
        self._starts = starts
        self._first_line = first_line

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._text.splitlines(keepends=True)

    def row(self, at: int) -> bytes:
        """The row at this index without its last line end."""
        start = self._starts[at].as_py() - self._first_line
        end = self._starts[at + 1].as_py() - self._first_line if at + 1 < len(self._starts) else len(self._lines)
        row = b"".join(self._lines[start:end])
        return row.removesuffix(b"\n").removesuffix(b"\r")
