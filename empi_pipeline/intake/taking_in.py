"""Taking in a batch: each object read, judged and stored, in full or not at all, and the ledger told with it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake import ledger
from empi_pipeline.intake.layout import ReadLimits, SourceLayout, layout_for
from empi_pipeline.intake.ledger import Arrival
from empi_pipeline.intake.object_store import ObjectStore
from empi_pipeline.intake.reading import DeliveredObject
from empi_pipeline.intake.rows import judge_rows
from empi_pipeline.intake.small_objects import SMALL_BYTES, FetchedObject, JoinedRows, SmallObject, parse, read_ahead
from empi_pipeline.intake.withdrawn import WithdrawnIdentities
from empi_pipeline.postgres import Connection, copy_in, copy_out, storing_records
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.settings import INBOX_PREFIX, Settings
from empi_pipeline.sql import load

_UNIQUE_VIOLATION: Final = "23505"
_DEADLOCK: Final = "40P01"
_TRIES: Final = 5

_TOGETHER: Final = 500
_TOGETHER_BYTES: Final = 8_000_000
_MANY: Final = 10
"""Small objects are taken in together, up to so many (and bytes) in a transaction, if at least so many are waiting."""

_FEW_HASHES: Final = 1_000
_HASHES: Final = pa.schema([("content_hash", pa.binary())])

_WHOSE_REASON: Final = ("arrival_id", "reason_code")

Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class ObjectRows:
    """What became of the rows of one object. Counts: delivered = new + known + rejected."""

    delivered: int = 0
    new: int = 0
    known: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """Rows that were not accepted."""
        return self.rejected_by_reason.total()


def take_in(
    connect: Connect, store: ObjectStore, con: duckdb.DuckDBPyConnection, batch_id: str, settings: Settings
) -> list[Arrival]:
    """Read the objects of a batch that were not read yet; a killed attempt goes on where it stopped.

    Args:
        connect: Opens a connection to the index.
        store: Where the objects are.
        con: Scratch.
        batch_id: The batch.
        settings: Layouts of the data sources, and limits.

    Returns:
        Every arrival of the batch with its counts, those of earlier attempts too.

    Raises:
        EmpiError: S3 or Postgres failed; the batch can be run again.
    """
    layouts = source_layouts(settings)
    limits = ReadLimits(max_value_bytes=settings.intake.value_bytes, max_columns=settings.intake.columns)
    with connect() as connection:
        waiting = ledger.arrivals_of_batch(connection, batch_id, only_waiting=True)
    taking = _Taking(connect, store, con, layouts, limits)
    for group, fetched in read_ahead(store, _groups(waiting), lambda group: len(group) >= _MANY):
        if fetched is None:
            taking.one_by_one(group)
        else:
            taking.together(fetched)
    with connect() as connection:
        return ledger.arrivals_of_batch(connection, batch_id)


def _groups(waiting: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """The objects in their order: small ones that follow one another together, large ones each by itself."""
    group: list[Arrival] = []
    size = 0
    for arrival in waiting:
        is_small = arrival.size_bytes <= SMALL_BYTES
        if group and (not is_small or len(group) == _TOGETHER or size + arrival.size_bytes > _TOGETHER_BYTES):
            yield group
            group, size = [], 0
        group.append(arrival)
        size += arrival.size_bytes
        if not is_small:
            yield group
            group, size = [], 0
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Taking:
    """How the objects of a batch are taken in."""

    connect: Connect
    store: ObjectStore
    con: duckdb.DuckDBPyConnection
    layouts: Sequence[SourceLayout]
    limits: ReadLimits

    def layout(self, arrival: Arrival) -> SourceLayout:
        return layout_for(arrival.object_key.removeprefix(INBOX_PREFIX), self.layouts)

    def one_by_one(self, arrivals: Iterable[Arrival]) -> None:
        """Each object in a transaction of its own."""
        for arrival in arrivals:
            try:
                _take_in_object(self.connect, self.store, self.con, arrival, self.layout(arrival), self.limits)
            except UnreadableObjectError as error:
                with self.connect() as connection:
                    ledger.mark_failed(connection, arrival.arrival_id, error.reason_code, str(error))

    def together(self, fetched: Iterable[FetchedObject]) -> None:
        """Small objects in one transaction, or few: what turns out to be large is taken in by itself, in its turn."""
        objects: list[SmallObject] = []
        rows = 0
        for each in fetched:
            small = parse(self.con, each, self.layout(each.arrival), self.limits)
            if objects and (small is None or rows + small.rows > self.limits.max_batch_rows):
                self._stored(objects)
                objects, rows = [], 0
            if small is None:
                self.one_by_one([each.arrival])
            else:
                objects.append(small)
                rows += small.rows
        if objects:
            self._stored(objects)

    def _stored(self, objects: Sequence[SmallObject]) -> None:
        try:
            _store_together(self.connect, self.con, objects, self.limits)
        except DatabaseError as error:
            # Another batch brought the same content at this moment; nothing was stored.
            if error.sqlstate not in {_UNIQUE_VIOLATION, _DEADLOCK}:
                raise
            self.one_by_one(each.arrival for each in objects)


def source_layouts(settings: Settings) -> list[SourceLayout]:
    """The layouts of the data sources that have a prefix of their own below the inbox."""
    return [
        SourceLayout(
            prefix=source.prefix,
            mapping=source.columns,
            constants={"data_source": name, **source.constants},
            delimiter=source.delimiter,
            encoding=source.encoding,
        )
        for name, source in settings.data_sources.items()
        if source.prefix is not None
    ]


def _take_in_object(
    connect: Connect,
    store: ObjectStore,
    con: duckdb.DuckDBPyConnection,
    arrival: Arrival,
    layout: SourceLayout,
    limits: ReadLimits,
) -> None:
    for tried in range(1, _TRIES + 1):
        try:
            with (
                store.open(arrival.bucket, arrival.object_key, arrival.object_version) as stream,
                connect() as connection,
            ):
                storing_records(connection)
                withdrawn = WithdrawnIdentities(connection, con)
                delivered = DeliveredObject(con, stream, arrival.object_key, layout, limits)
                rows = _store(connection, withdrawn, arrival, delivered)
                ledger.mark_read(connection, arrival.arrival_id, rows, delivered.unknown_columns, delivered.note)
        except DatabaseError as error:
            # Another batch brought the same content at this moment: now it can be seen, and counts as known.
            if error.sqlstate != _UNIQUE_VIOLATION or tried == _TRIES:
                raise
        else:
            return


def _store(
    connection: Connection, withdrawn: WithdrawnIdentities, arrival: Arrival, delivered: DeliveredObject
) -> ObjectRows:
    rows = ObjectRows()
    origin: dict[str, str | int] = {"batch_id": arrival.batch_id, "arrival_id": arrival.arrival_id}
    for part in delivered:
        allowed, refused = withdrawn.set_apart(part.accepted)
        rejected = pa.concat_tables([part.rejected, refused])
        accepted = _new_content(connection, allowed)
        copy_in(connection, "raw.person_records", accepted, constants=origin)
        copy_in(connection, "raw.rejected_rows", rejected, constants=origin)
        rows.delivered += part.delivered
        rows.new += accepted.num_rows
        rows.known += allowed.num_rows - accepted.num_rows
        rows.rejected_by_reason.update(rejected["reason_code"].to_pylist())
    return rows


def _store_together(
    connect: Connect, con: duckdb.DuckDBPyConnection, objects: Sequence[SmallObject], limits: ReadLimits
) -> None:
    """Store the rows of several objects in one transaction, each object in full or not at all."""
    joined = JoinedRows()
    for each in objects:
        joined.add(each)
    rows = {each.arrival.arrival_id: ObjectRows() for each in objects}
    batch: dict[str, str | int] = {"batch_id": objects[0].arrival.batch_id}
    with connect() as connection:
        storing_records(connection)
        withdrawn = WithdrawnIdentities(connection, con)
        for stretch in joined.stretches():
            part = judge_rows(con, stretch, limits)
            allowed, refused = withdrawn.set_apart(part.accepted)
            accepted = joined.told_apart(_new_content(connection, allowed))
            rejected = joined.told_apart(pa.concat_tables([part.rejected, refused]))
            copy_in(connection, "raw.person_records", accepted, constants=batch)
            copy_in(connection, "raw.rejected_rows", rejected, constants=batch)
            for arrival_id, count in Counter(joined.told_apart(allowed)["arrival_id"].to_pylist()).items():
                rows[arrival_id].delivered += count
                rows[arrival_id].known += count
            for arrival_id, count in Counter(accepted["arrival_id"].to_pylist()).items():
                rows[arrival_id].new += count
                rows[arrival_id].known -= count
            for arrival_id, reason in zip(*(rejected[name].to_pylist() for name in _WHOSE_REASON), strict=True):
                rows[arrival_id].delivered += 1
                rows[arrival_id].rejected_by_reason[reason] += 1
        read = [
            ledger.ReadObject(each.arrival.arrival_id, rows[each.arrival.arrival_id], each.unknown_columns, each.note)
            for each in objects
            if each.refusal is None
        ]
        ledger.mark_several_read(connection, read)
        for each in objects:
            if each.refusal is not None:
                refusal = each.refusal
                ledger.mark_failed(connection, each.arrival.arrival_id, refusal.reason_code, str(refusal))


def _new_content(connection: Connection, accepted: pa.Table) -> pa.Table:
    """The first row of each content that is not stored yet."""
    hashes = accepted["content_hash"].cast(pa.binary())
    firsts = pa.table({"content_hash": hashes, "row": pa.array(range(accepted.num_rows), pa.int64())})
    firsts = firsts.group_by("content_hash").aggregate([("row", "min")])
    known = _known(connection, firsts.select(["content_hash"]))
    unknown = firsts.filter(pc.invert(pc.is_in(firsts["content_hash"], known)))
    if unknown.num_rows == accepted.num_rows:
        return accepted
    return accepted.take(unknown.sort_by("row_min")["row_min"])


def _known(connection: Connection, hashes: pa.Table) -> pa.Array:
    if hashes.num_rows <= _FEW_HASHES:
        asked = {"hashes": hashes["content_hash"].to_pylist()}
        found = connection.execute(load("intake/known_few"), asked).fetchall()
        return pa.array([content_hash for (content_hash,) in found], pa.binary())
    if connection.execute("select not exists (select from raw.person_records)").fetchone() == (True,):
        return pa.array([], pa.binary())
    connection.execute("create temporary table if not exists delivered_hashes (content_hash bytea) on commit drop")
    connection.execute("truncate delivered_hashes")
    copy_in(connection, "delivered_hashes", hashes)
    return copy_out(connection, load("intake/known_content"), _HASHES)["content_hash"].combine_chunks()
