"""From parsed cells to accepted and rejected rows: the same rules for every format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.intake.content_hash import HASH_TYPE, add_content_hashes, add_extra_columns
from empi_pipeline.intake.layout import ColumnPlan, ReadLimits, shown_name
from empi_pipeline.schema import PERSON_RECORD_COLUMNS, SOURCE_IDENTITY_COLUMNS

ACCEPTED_SCHEMA: Final = pa.schema(
    [
        pa.field("line_number", pa.int64()),
        *(pa.field(name, pa.string()) for name in PERSON_RECORD_COLUMNS),
        pa.field("extra", pa.string()),
        pa.field("content_hash", HASH_TYPE),
    ]
)
REJECTED_SCHEMA: Final = pa.schema(
    [
        pa.field("line_number", pa.int64()),
        pa.field("reason_code", pa.string()),
        pa.field("column_name", pa.string()),
        pa.field("content", pa.binary()),
    ]
)

REASON_CODES: Final = {
    "unparsable_row": "the row breaks the rules of its format (text after a closing quote, broken JSON)",
    "field_count": "the row has more or fewer fields than the header",
    "nul_byte": "a value contains a NUL character, which Postgres cannot hold",
    "undecodable": "a value is not text in the encoding of its data source",
    "value_too_long": "a value is longer than the limit",
    "missing_data_source": "there is no data_source",
    "missing_source_person_id": "there is no source_person_id",
    "withdrawn": "its source identity was withdrawn (`empi withdraw`); nothing of the row is kept",
}
"""Why a row is rejected; a row with several faults has the first of these."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not accepted. `content` is the row as delivered, cut to the limit: PHI."""

    line_number: int
    reason_code: str
    column_name: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """Some consecutive rows as a parser leaves them.

    Attributes:
        plan: Where the columns go.
        cells: One array of bytes or text per delivered column.
        line_numbers: int64, ascending: the line where each row starts (the row number where there are no lines).
        raw: The delivered bytes of the row at an index, for rejected rows.
        unparsed: Rows that have no cells because they could not be parsed.
    """

    plan: ColumnPlan
    cells: Sequence[pa.Array]
    line_numbers: pa.Array
    raw: Callable[[int], bytes]
    unparsed: Sequence[RejectedRow] = ()


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some consecutive rows of an object: `accepted` (ACCEPTED_SCHEMA) and `rejected` (REJECTED_SCHEMA)."""

    accepted: pa.Table
    rejected: pa.Table

    @property
    def delivered(self) -> int:
        """Number of rows, accepted or not."""
        return int(self.accepted.num_rows + self.rejected.num_rows)


def judge_rows(con: duckdb.DuckDBPyConnection, parsed: ParsedRows, limits: ReadLimits) -> RowBatch:
    """Accept or reject each parsed row; never changes a value.

    Args:
        con: Scratch database.
        parsed: What the parser made of the object, at most `limits.max_batch_rows` rows.
        limits: Lengths.

    Returns:
        Each row once, as accepted or as rejected.
    """
    faults = _faults(parsed, limits)
    rejected = [*parsed.unparsed]
    cells, line_numbers = list(parsed.cells), parsed.line_numbers
    if faults:
        rejected += [
            RejectedRow(line_numbers[at].as_py(), reason, column, parsed.raw(at)[: limits.kept_row_bytes])
            for at, (reason, column) in faults.items()
        ]
        rejected.sort(key=lambda row: row.line_number)
        good = pa.array([at not in faults for at in range(len(line_numbers))], pa.bool_())
        cells = [cell.filter(good) for cell in cells]
        line_numbers = line_numbers.filter(good)
    return RowBatch(_accepted(con, parsed.plan, cells, line_numbers), _rejected(rejected))


def _accepted(
    con: duckdb.DuckDBPyConnection, plan: ColumnPlan, cells: Sequence[pa.Array], line_numbers: pa.Array
) -> pa.Table:
    count = len(line_numbers)
    if not count:
        return ACCEPTED_SCHEMA.empty_table()
    columns = [line_numbers]
    for name in PERSON_RECORD_COLUMNS:
        values = _text(cells[plan.positions[name]]) if name in plan.positions else pa.nulls(count, pa.string())
        columns.append(values.fill_null(plan.constants[name]) if name in plan.constants else values)
    rows = pa.table(columns, names=["line_number", *PERSON_RECORD_COLUMNS])
    rows = add_extra_columns(con, rows, [(name, _text(cells[at])) for name, at in plan.extra])
    return add_content_hashes(con, rows).cast(ACCEPTED_SCHEMA)


def _text(cell: pa.Array) -> pa.Array:
    """Cells as text, missing ones NULL; they are known to be valid UTF-8."""
    text = cell.cast(pa.string())
    lengths = pc.binary_length(text)
    empty = pc.equal(lengths, 0)
    return pc.if_else(empty, pa.scalar(None, pa.string()), text) if pc.any(empty).as_py() else text


def _rejected(rows: Sequence[RejectedRow]) -> pa.Table:
    fields = [[getattr(row, name) for row in rows] for name in REJECTED_SCHEMA.names]
    return pa.table(
        [pa.array(values, each.type) for values, each in zip(fields, REJECTED_SCHEMA, strict=True)], REJECTED_SCHEMA
    )


def _faults(parsed: ParsedRows, limits: ReadLimits) -> dict[int, tuple[str, str | None]]:
    """Index of each faulty row -> its first fault in the order of REASON_CODES, and the column."""
    plan = parsed.plan
    named = [(name, at) for name, at in (*plan.positions.items(), *plan.extra)]
    faults: dict[int, tuple[str, str | None]] = {}
    checks: tuple[tuple[str, Callable[[str, pa.Array], list[int]]], ...] = (
        ("nul_byte", lambda _, cell: _with_nul(cell)),
        ("undecodable", lambda _, cell: _undecodable(cell)),
        ("value_too_long", lambda name, cell: _longer_than(cell, _longest(name, limits))),
    )
    for reason, faulty in checks:
        for name, at in named:
            for row in faulty(name, parsed.cells[at]):
                faults.setdefault(row, (reason, shown_name(name)))
    for name in SOURCE_IDENTITY_COLUMNS:
        for row in _blank(parsed, name):
            faults.setdefault(row, (f"missing_{name}", name))
    return faults


def _longest(name: str, limits: ReadLimits) -> int:
    return (
        min(limits.max_identity_bytes, limits.max_value_bytes)
        if name in SOURCE_IDENTITY_COLUMNS
        else limits.max_value_bytes
    )


def _where(mask: pa.Array) -> list[int]:
    return list(pc.indices_nonzero(mask).to_pylist()) if pc.any(mask).as_py() else []


def _with_nul(cell: pa.Array) -> list[int]:
    values = cell.buffers()[2]
    # One pass over the bytes of the whole column; only where there is a NUL at all is each value looked at.
    if values is None or b"\0" not in values.to_pybytes():
        return []
    return _where(pc.match_substring(cell.cast(pa.binary()), pattern=b"\0").fill_null(False))


def _undecodable(cell: pa.Array) -> list[int]:
    if not pa.types.is_binary(cell.type):
        return []
    try:
        cell.cast(pa.string())
        return []
    except pa.ArrowInvalid:
        return [at for at, value in enumerate(cell.to_pylist()) if value is not None and not _is_utf8(value)]


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def _longer_than(cell: pa.Array, limit: int) -> list[int]:
    lengths = pc.binary_length(cell)
    longest = pc.max(lengths).as_py()
    return _where(pc.greater(lengths, limit).fill_null(False)) if longest is not None and longest > limit else []


def _blank(parsed: ParsedRows, name: str) -> list[int]:
    """Rows without a value, or with nothing but white space: all of them would be versions of one person."""
    has_constant = name in parsed.plan.constants
    if name not in parsed.plan.positions:
        return [] if has_constant else list(range(len(parsed.line_numbers)))
    cell = parsed.cells[parsed.plan.positions[name]]
    try:
        text = cell.cast(pa.string())
    except pa.ArrowInvalid:  # Undecodable rows are rejected for that; bytes are enough to find the blank ones.
        values = [value or b"" for value in cell.to_pylist()]
        return [at for at, value in enumerate(values) if not value.strip() and not (has_constant and not value)]
    blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(text)).fill_null(0), 0)
    if has_constant:  # An empty cell has the constant then, but white space is a delivered value.
        blank = pc.and_(blank, pc.greater(pc.binary_length(text).fill_null(0), 0))
    return _where(blank)
