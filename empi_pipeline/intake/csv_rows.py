"""The rules of CSV, row by row: for headers, and for the stretches of a file where something is irregular.

A field that begins with a quote ends with the next quote that is not doubled, and then the delimiter or the line end
must follow. A quote elsewhere in a field is a character like any other. Lines end with LF, CRLF or CR.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from empi_pipeline.errors import UnreadableObjectError


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: where it starts, its bytes without line end, and its fields; None when it breaks the rules."""

    line_number: int
    content: bytes
    fields: list[bytes] | None


@dataclass(slots=True)
class CsvStretch:
    """A stretch of text, read row by row; afterwards `position` and `line_number` are those of the first row not read.

    Attributes:
        text: Bytes from the beginning of a row.
        line_number: Line where it begins.
        is_end: Whether the object ends here; if not, a row that may go on is left for the next stretch.
        position: Bytes read.
    """

    text: bytes
    line_number: int
    is_end: bool
    position: int = 0

    def rows(self, grammar: "CsvGrammar", object_name: str) -> Iterator[CsvRow]:
        """Every complete row; blank lines are no rows.

        A row that breaks the rules is one line long whatever its quotes say: the next line is read for itself, so
        that a stray quote does not swallow the rows behind it.

        Raises:
            UnreadableObjectError: A quote is open at the end of the object.
        """
        while self.position < len(self.text):
            end, fields = grammar.row(self.text, self.position)
            if end is None:
                if not self.is_end:
                    return
                raise UnreadableObjectError(
                    "unbalanced_quote",
                    f"{object_name}, line {self.line_number:,}: a quote is opened in this row and never closed; "
                    "mend the row and deliver the object again",
                )
            if end == len(self.text) and not self.is_end and self.text[-1:] not in (b"\n", b"\r"):
                return
            content = self.text[self.position : end]
            row = CsvRow(self.line_number, content[: len(content) - _line_end_length(content)], fields)
            self.line_number += count_lines(content)
            self.position = end
            if row.content:
                yield row


class CsvGrammar:
    """The patterns for one delimiter."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter.encode())
        self._delimiter = delimiter.encode()
        self._field = re.compile(rb'"(?:[^"]++|"")*+"|[^"' + mark + rb"\r\n][^" + mark + rb"\r\n]*+|(?!\")")
        self._line = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n)?+")
        escaped = re.escape(delimiter)
        self.row_on_a_line = rf'\A(?:(?:"(?:[^"]|"")*"|[^"{escaped}\r\n][^{escaped}\r\n]*|)(?:{escaped}|\z))*\z'
        """RE2 pattern of a line that is a row by itself and keeps the rules."""
        self.regular = rf'\A(?:(?:"(?:[^"]|"")*"|[^"{escaped}\r\n][^{escaped}\r\n]*|)[{escaped}\r\n])*\z'
        """RE2 pattern of whole rows that keep the rules, the last line end included."""

    def row(self, text: bytes, start: int) -> tuple[int | None, list[bytes] | None]:
        """The row at `start`: where the next one starts (None: a quote is still open) and its fields."""
        fields, at = [], start
        while True:
            found = self._field.match(text, at)
            if found is None:
                return None, None
            value = found[0]
            fields.append(value[1:-1].replace(b'""', b'"') if value[:1] == b'"' else value)
            at = found.end()
            follows = text[at : at + 1]
            if follows == self._delimiter:
                at += 1
            elif follows == b"\r":
                return at + (2 if text[at + 1 : at + 2] == b"\n" else 1), fields
            elif follows in (b"\n", b""):
                return at + len(follows), fields
            else:
                line = self._line.match(text, start)
                assert line is not None
                return line.end(), None


def count_lines(text: bytes) -> int:
    """Number of line ends: LF, CRLF or CR."""
    ends = text.count(b"\n")
    return ends + text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else ends


def _line_end_length(content: bytes) -> int:
    if content.endswith(b"\r\n"):
        return 2
    return 1 if content.endswith((b"\n", b"\r")) else 0
