"""Writes identity's tables directly: publishing is tested against what identity leaves, not against how."""

import hashlib
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from empi_pipeline.postgres import Connection
from empi_pipeline.publishing import CrosswalkChange, forget

_BATCH = "seeded"


def person(number: int) -> str:
    """A person_id that reads well in a failing test."""
    return str(uuid.UUID(int=number))


@dataclass
class IndexState:
    """A small index: records of source identities and the person each belongs to."""

    connection: Connection
    change_id: int = 0
    owner: dict[int, int] = field(default_factory=dict)
    identity_of: dict[int, tuple[str, str]] = field(default_factory=dict)
    _contents: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.connection.execute("insert into intake.batches (batch_id) values (%s)", [_BATCH])
        self.connection.execute(
            "insert into intake.arrivals (bucket, object_key, object_version, etag, size_bytes, last_modified,"
            " batch_id) values ('b', 'k', 'v', 'e', 1, now(), %s)",
            [_BATCH],
        )

    def record(self, data_source: str, source_person_id: str) -> int:
        """A new person record; it has no person yet."""
        content_hash = hashlib.sha256(str(next(self._contents)).encode()).digest()
        row = self.connection.execute(
            "insert into raw.person_records (batch_id, arrival_id, line_number, content_hash, data_source,"
            " source_person_id) select %s, max(arrival_id), 1, %s, %s, %s from intake.arrivals returning record_id",
            [_BATCH, content_hash, data_source, source_person_id],
        ).fetchone()
        assert row is not None
        self.identity_of[row[0]] = (data_source, source_person_id)
        return int(row[0])

    def change(self, moves: Mapping[int, int | None]) -> int:
        """One identity change: each record goes to the person of that number; None withdraws it."""
        self.change_id += 1
        self.connection.execute(
            "insert into identity.changes (change_id, kind, actor, event_count, digest, previous_digest)"
            " values (%s, 'decision', 'test', %s, '', '')",
            [self.change_id, len(moves)],
        )
        for event_no, (record, to) in enumerate(moves.items(), start=1):
            before = self.owner.pop(record, None)
            named = before if to is None else to
            assert named is not None
            kind = "record_withdrawn" if to is None else "record_assigned" if before is None else "record_moved"
            self.connection.execute(
                "insert into identity.events (change_id, event_no, kind, record_id, person_id, other_person_id, cause)"
                " values (%s, %s, %s, %s, %s, %s, 'test')",
                [self.change_id, event_no, kind, record, person(named), None if before is None else person(before)],
            )
            self.connection.execute("delete from identity.membership where record_id = %s", [record])
            if to is None:
                self.connection.execute("delete from raw.person_records where record_id = %s", [record])
                del self.identity_of[record]
                continue
            self.owner[record] = to
            self.connection.execute(
                "insert into identity.membership values (%s, %s, %s)", [record, person(to), self.change_id]
            )
        return self.change_id

    def withdraw(self, data_source: str, source_person_id: str) -> None:
        """Erase a source identity as identity does, with what is published of it."""
        gone = [record for record, identity in self.identity_of.items() if identity == (data_source, source_person_id)]
        change_id = self.change({record: None for record in gone if record in self.owner})
        forget(self.connection, data_source, source_person_id, change_id, patience_seconds=5)

    def expected(self) -> set[tuple[str, str, str]]:
        """The crosswalk that a full rebuild gives, worked out without SQL."""
        return {(*self.identity_of[record], person(owner)) for record, owner in self.owner.items()}


def crosswalk(connection: Connection) -> set[tuple[str, str, str]]:
    """What is published."""
    return set(
        connection.execute("select data_source, source_person_id, person_id::text from publishing.crosswalk").fetchall()
    )


def replay(copy: set[tuple[str, str, str]], changes: list[CrosswalkChange]) -> None:
    """What a follower does with the next entries of the change feed; entries that do not fit its copy fail."""
    for change in changes:
        if change.kind == "withdrawn":
            copy -= {row for row in copy if row[2] == change.person_id}
            continue
        assert change.data_source is not None
        assert change.source_person_id is not None
        row = (change.data_source, change.source_person_id, change.person_id)
        assert (row in copy) == (change.kind == "removed")
        copy ^= {row}
