"""Small objects read ahead and put together: the rows of many are judged and stored as if they stood in one.

Asking Arrow, DuckDB or Postgres about ten rows costs as much as asking about a thousand.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import groupby
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.layout import ReadLimits, SourceLayout
from empi_pipeline.intake.ledger import Arrival
from empi_pipeline.intake.object_store import ObjectStore
from empi_pipeline.intake.reading import DeliveredObject
from empi_pipeline.intake.rows import ParsedRows

SMALL_BYTES: Final = 64_000
"""Size of an object, as the store lists it, up to which it counts as small."""

_READERS: Final = 8
"""Requests to the object store at a time: they mostly wait, and a client keeps ten connections."""

_MOST_UNPACKED: Final = 1 << 20
"""Bytes of an object's values up to which it stays among the small ones: 64 kB of gzip data can hold 64 MB."""


@dataclass(frozen=True, slots=True)
class FetchedObject:
    """An arrival and its bytes, or why it has none."""

    arrival: Arrival
    content: bytes = b""
    refusal: UnreadableObjectError | None = None


def read_ahead(
    store: ObjectStore, groups: Iterable[Sequence[Arrival]], is_together: Callable[[Sequence[Arrival]], bool]
) -> Iterator[tuple[Sequence[Arrival], list[FetchedObject] | None]]:
    """Fetch the objects of one group while the caller works on the one before.

    Args:
        store: Where the objects are.
        groups: Arrivals in the order to take them in.
        is_together: Whether the objects of a group are wanted; the others are left to be streamed.

    Yields:
        Each group, with its objects where they are wanted. At most two groups are in memory.

    Raises:
        ObjectStoreError: S3 refused or was not reached.
    """
    readers = ThreadPoolExecutor(_READERS, thread_name_prefix="small objects")
    ahead: deque[tuple[Sequence[Arrival], list[Future[FetchedObject]] | None]] = deque()
    try:
        for group in groups:
            wanted = [readers.submit(_fetch, store, each) for each in group] if is_together(group) else None
            ahead.append((group, wanted))
            if len(ahead) == 2:
                yield _arrived(*ahead.popleft())
        while ahead:
            yield _arrived(*ahead.popleft())
    finally:
        readers.shutdown(cancel_futures=True)


def _arrived(
    group: Sequence[Arrival], wanted: list[Future[FetchedObject]] | None
) -> tuple[Sequence[Arrival], list[FetchedObject] | None]:
    return group, None if wanted is None else [each.result() for each in wanted]


def _fetch(store: ObjectStore, arrival: Arrival) -> FetchedObject:
    try:
        with store.open(arrival.bucket, arrival.object_key, arrival.object_version) as stream:
            # One more than it may have: a store that lists the wrong size must not fill the memory.
            return FetchedObject(arrival, stream.read(SMALL_BYTES + 1))
    except UnreadableObjectError as error:
        return FetchedObject(arrival, refusal=error)


@dataclass(frozen=True, slots=True)
class SmallObject:
    """An object as far as its parser goes.

    Attributes:
        arrival: Which.
        parts: Its rows; none of an unreadable object.
        unknown_columns: Delivered columns that are kept aside.
        note: What is odd about it.
        refusal: Why it cannot be read.
    """

    arrival: Arrival
    parts: Sequence[ParsedRows] = ()
    unknown_columns: Sequence[str] = ()
    note: str | None = None
    refusal: UnreadableObjectError | None = None

    @property
    def rows(self) -> int:
        """How many rows it delivers."""
        return sum(len(part.line_numbers) + len(part.unparsed) for part in self.parts)


def parse(
    con: duckdb.DuckDBPyConnection, fetched: FetchedObject, layout: SourceLayout, limits: ReadLimits
) -> SmallObject | None:
    """Parse an object; None when it is larger than it seemed, and has to be streamed."""
    arrival = fetched.arrival
    if fetched.refusal is not None:
        return SmallObject(arrival, refusal=fetched.refusal)
    if len(fetched.content) > SMALL_BYTES:
        return None
    parts: list[ParsedRows] = []
    size = 0
    try:
        delivered = DeliveredObject(con, BytesIO(fetched.content), arrival.object_key, layout, limits)
        for part in delivered.parsed():
            size += sum(cell.nbytes for cell in part.cells)
            if size > _MOST_UNPACKED:
                return None
            parts.append(part)
    except UnreadableObjectError as error:
        return SmallObject(arrival, refusal=error)
    return SmallObject(arrival, parts, delivered.unknown_columns, delivered.note)


@dataclass(slots=True)
class JoinedRows:
    """The rows of several objects under line numbers that run on from one to the next."""

    _arrival_ids: list[int] = field(default_factory=list)
    _before: list[int] = field(default_factory=list)
    """Lines before each object."""
    _parts: list[ParsedRows] = field(default_factory=list)
    _lines: int = 0

    def add(self, small: SmallObject) -> None:
        """Append the rows of an object."""
        self._arrival_ids.append(small.arrival.arrival_id)
        self._before.append(self._lines)
        before = self._lines
        for part in small.parts:
            unparsed = [replace(row, line_number=row.line_number + before) for row in part.unparsed]
            self._parts.append(
                replace(part, line_numbers=pc.add(part.line_numbers.cast(pa.int64()), before), unparsed=unparsed)
            )
            self._lines = max(
                self._lines,
                before + (part.line_numbers[-1].as_py() if len(part.line_numbers) else 0),
                unparsed[-1].line_number if unparsed else 0,
            )

    def stretches(self) -> Iterator[ParsedRows]:
        """The rows in order; those that follow one another with the same columns as one."""
        for _, parts in groupby(self._parts, key=_columns):
            yield _one_after_another(list(parts))

    def told_apart(self, rows: pa.Table) -> pa.Table:
        """Rows with `line_number` as here, by object: with the `line_number` there, and `arrival_id`."""
        numbers = rows["line_number"].to_pylist()
        # An object begins behind the lines of those before it.
        whose = [bisect_right(self._before, number - 1) - 1 for number in numbers]
        lines = [number - self._before[at] for number, at in zip(numbers, whose, strict=True)]
        arrivals = pa.array([self._arrival_ids[at] for at in whose], pa.int64())
        at = rows.schema.get_field_index("line_number")
        return rows.set_column(at, "line_number", pa.array(lines, pa.int64())).append_column("arrival_id", arrivals)


def _columns(part: ParsedRows) -> tuple[object, ...]:
    return part.plan, [cell.type for cell in part.cells]


def _one_after_another(parts: Sequence[ParsedRows]) -> ParsedRows:
    if len(parts) == 1:
        return parts[0]
    starts, rows = [], 0
    for part in parts:
        starts.append(rows)
        rows += len(part.line_numbers)

    def raw(at: int) -> bytes:
        whose = bisect_right(starts, at) - 1
        return parts[whose].raw(at - starts[whose])

    return ParsedRows(
        parts[0].plan,
        [pa.concat_arrays([part.cells[at] for part in parts]) for at in range(len(parts[0].cells))],
        pa.concat_arrays([part.line_numbers for part in parts]),
        raw,
        [row for part in parts for row in part.unparsed],
    )
