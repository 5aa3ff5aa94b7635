"""A small index made quickly: conflicts told in Python, deliveries in a handful of statements, emptied in no time."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Ints
from empi_pipeline.identity.evidence import ConflictSource, Guards, NoConflicts
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.verdicts import KnownConflicts, Verdicts, stored
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import ATTRIBUTES, REASONS, RULES, World

Attributes = tuple[str | None, ...]


class TableOfConflicts:
    """The rules of `RULES`, without a DuckDB for each question."""

    def __init__(self, attributes: Mapping[int, Attributes], record_ids: Ints) -> None:
        self._of = [attributes.get(record, (None,) * len(ATTRIBUTES)) for record in record_ids.tolist()]

    def profiles(self, records: Ints) -> Ints:
        number: dict[Attributes, int] = {}
        return np.array([number.setdefault(self._of[each], len(number)) for each in records.tolist()], np.int64)

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        reasons = [self._reasons(one, other) for one, other in zip(left.tolist(), right.tolist(), strict=True)]
        clashing = [place for place, reason in enumerate(reasons) if reason]
        return np.array(clashing, np.int64) if clashing else NO_INTS, ["+".join(reasons[place]) for place in clashing]

    def aspects(self, left: Ints, right: Ints) -> Ints:
        return np.array(
            [len(self._reasons(one, other)) for one, other in zip(left.tolist(), right.tolist(), strict=True)], np.int64
        )

    def _reasons(self, one: int, other: int) -> list[str]:
        return [
            name
            for name, mine, theirs in zip(ATTRIBUTES, self._of[one], self._of[other], strict=True)
            if mine and theirs and mine != theirs
        ]


@dataclass(frozen=True)
class QuickPolicy(Policy):
    """The policy of a world; it answers about conflicts from memory."""

    attributes: Mapping[int, Attributes] = field(default_factory=dict)

    @contextmanager
    def conflicts(
        self, connection: Connection, guards: Guards, record_ids: Ints, verdicts: Verdicts | None = None
    ) -> Iterator[ConflictSource]:
        del connection
        if not guards.hard_conflicts:
            yield NoConflicts()
            return
        source = TableOfConflicts(self.attributes, record_ids)
        if verdicts is None:
            yield source
        else:
            # Here no rules depend on the model.
            that_count = verdicts.only(verdicts.verdict >= 64 * RULES.code)
            yield KnownConflicts(source, REASONS, record_ids, that_count)


@dataclass
class QuickWorld(World):
    """A `World` that remembers what it delivered."""

    quick: bool = True
    attributes: dict[int, Attributes] = field(default_factory=dict)
    identity: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        if self.quick:
            return QuickPolicy(self.untrusted, self.guards, RULES, self.attributes)
        return super().policy

    def deliver(
        self, records: Mapping[str, Mapping[str, str]], predictions: Sequence[tuple[str, str, float]] = ()
    ) -> str:
        self.batches += 1
        batch_id = f"batch-{self.batches}"
        rows = []
        for name, attributes in records.items():
            self.identity[name] = (
                attributes.get("data_source", "test"), attributes.get("source_person_id", name)
            )  # fmt: skip
            source, source_id = self.identity[name]
            rows.append({**attributes, "hash": key_of(name), "data_source": source, "source_person_id": source_id})
        made = self.connection.execute(
            "with batch as (insert into intake.batches (batch_id) values (%(batch)s)), delivered as ("
            " insert into raw.person_records (batch_id, arrival_id, line_number, content_hash, data_source,"
            " source_person_id, first_name, sex, birth_date)"
            " select %(batch)s, 1, 1, decode(hash, 'hex'), data_source, source_person_id, first_name, sex, birth_date"
            " from json_to_recordset(%(rows)s::json) as row (hash text, data_source text, source_person_id text,"
            " first_name text, sex text, birth_date text) returning *"
            "), cleaned as (insert into cleaned.person_records (record_id, batch_id, data_source, source_person_id,"
            " first_name, sex, birth_date) select record_id, batch_id, data_source, source_person_id,"
            " first_name, sex, birth_date from delivered)"
            " select encode(content_hash, 'hex'), record_id from delivered",
            {"batch": batch_id, "rows": json.dumps(rows)},
        ).fetchall()
        record_of = dict(made)
        for name, attributes in records.items():
            self.ids[name] = record_of[key_of(name)]
            self.attributes[self.ids[name]] = tuple(attributes.get(each) for each in ATTRIBUTES)
        self.predict(batch_id, predictions)
        self.scored(batch_id)
        return batch_id

    def scored(self, batch_id: str) -> None:
        """Say that the predictions of a batch are those of the active model against the index as it is."""
        self.connection.execute(
            "insert into matching.scored_batches (batch_id, model_id, seen_change_id)"
            " select %s, %s, coalesce(max(change_id), 0) from identity.changes"
            " on conflict (batch_id) do update set model_id = excluded.model_id,"
            " seen_change_id = excluded.seen_change_id",
            [batch_id, self.model_id],
        )
        self.connection.execute(
            "update matching.predictions set model_id = %s where batch_id = %s", [self.model_id, batch_id]
        )

    def predict(self, batch_id: str, predictions: Sequence[tuple[str, str, float]]) -> None:
        rows = [{**row, "verdict": self._verdict(int(row["l"]), int(row["r"]))} for row in self.weighed(predictions)]
        if rows:
            self.connection.execute(
                "insert into matching.predictions select %s, %s, l, r, weight, probability, '{}', '{}', verdict"
                " from json_to_recordset(%s::json)"
                " as row (l bigint, r bigint, weight float8, probability float8, verdict smallint)"
                " on conflict do nothing",
                [batch_id, self.model_id, json.dumps(rows)],
            )

    def _verdict(self, left: int, right: int) -> int | None:
        """What the guards say when a pair is scored; of one pair in three nobody asked them."""
        if (left + right) % 3 == 0:
            return None
        one, other = self.attributes[left], self.attributes[right]
        clashing, reasons = TableOfConflicts(self.attributes, np.array([left, right])).between(
            np.array([0]), np.array([1])
        )
        places = [REASONS.index(reason) for reason in reasons]
        return int(stored(RULES.code, np.array([one == other]), clashing, places)[0])

    def weighed(self, predictions: Sequence[tuple[str, str, float]]) -> list[dict[str, float]]:
        pairs = {}
        for one, other, probability in predictions:
            left, right = sorted((self.ids[one], self.ids[other]))
            if left != right:
                weight = math.log2(probability / (1 - probability))
                pairs[left, right] = {"l": left, "r": right, "weight": weight, "probability": probability}
        return list(pairs.values())


def key_of(name: str) -> str:
    """The content hash of a record, in hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()


def empty(connection: Connection) -> None:
    """Forget everything in the database, as if it were new; faster than making one."""
    with connection.transaction():
        # Row by row, with triggers off: the tables are small, and truncating makes new files.
        connection.execute("set local session_replication_role = replica")
        for (statement,) in connection.execute(
            "select format('delete from %I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('intake', 'raw', 'cleaned', 'matching', 'identity', 'publishing')"
        ).fetchall():
            connection.execute(statement)
        connection.execute(
            "select setval(pg_get_serial_sequence('raw.person_records', 'record_id'), 1, false),"
            " setval(pg_get_serial_sequence('matching.model', 'model_id'), 1, false)"
        )
