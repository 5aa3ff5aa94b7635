"""Reads from Postgres what a change reaches: a closed set of records with all evidence about them."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from empi_pipeline.identity.arrays import NO_INTS, Flags, Floats, Ints, found
from empi_pipeline.identity.evidence import Evidence
from empi_pipeline.identity.verdicts import Verdicts
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

_MEMBERS: Final = pa.schema([("record_id", pa.int64()), ("person_id", pa.string())])
_PERSONS: Final = pa.schema(
    [
        ("person_id", pa.string()),
        ("created_change_id", pa.int64()),
        ("record_count", pa.int64()),
        ("retired", pa.bool_()),
    ]
)
_VERSIONS: Final = pa.schema([("record_id", pa.int64()), ("first_record_id", pa.int64())])
_PREDICTIONS: Final = pa.schema(
    [
        ("record_id_l", pa.int64()),
        ("record_id_r", pa.int64()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("model_id", pa.int64()),
        ("guard_verdict", pa.int64()),
    ]
)
_DECISIONS: Final = pa.schema(
    [
        ("is_must_link", pa.bool_()),
        ("record_id_l", pa.int64()),
        ("record_id_r", pa.int64()),
        ("evidence_weight", pa.float64()),
    ]
)
_REPORTS: Final = pa.schema([("is_same", pa.bool_()), ("record_id_l", pa.int64()), ("record_id_r", pa.int64())])
_KEYS: Final = pa.schema([("record_id", pa.int64()), ("content_hash", pa.string())])
_ANALYZE_FROM: Final = 1000
_FEW: Final = 20_000


@dataclass(frozen=True, slots=True)
class Predictions:
    """Scored pairs by record id."""

    left: Ints
    right: Ints
    weight: Floats
    probability: Floats

    def only(self, which: Flags | Ints) -> "Predictions":
        """Some of them."""
        return Predictions(self.left[which], self.right[which], self.weight[which], self.probability[which])


@dataclass(frozen=True, slots=True)
class Persons:
    """Persons, numbered by position, ordered by id where they come from a query."""

    person_id: pa.Array
    created_change_id: Ints
    record_count: Ints
    retired: Flags

    def and_also(self, others: "Persons") -> "Persons":
        """These, and others behind them."""
        return Persons(
            pa.concat_arrays([self.person_id, others.person_id]),
            np.r_[self.created_change_id, others.created_change_id],
            np.r_[self.record_count, others.record_count],
            np.r_[self.retired, others.retired],
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions in force, by record id; `evidence_weight` (bits) is NaN where no evidence was seen."""

    is_must_link: Flags
    left: Ints
    right: Ints
    evidence_weight: Floats


@dataclass(frozen=True, slots=True)
class Reported:
    """What somebody reported without deciding it, by record id: that two records are one human, or are not."""

    is_same: Flags
    left: Ints
    right: Ints


NOTHING_REPORTED: Final = Reported(np.empty(0, bool), NO_INTS, NO_INTS)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A closed set of records: what a change reaches through persons, source identities and auto-matches.

    Attributes:
        record_ids: The records, ascending; positions in `evidence` refer to them.
        evidence: What is known about them.
        persons: Their persons; `evidence.person` refers to them.
        auto: Auto-matches among them, in the order of `evidence.left`.
        potential: Potential matches about them; one end may be another record of the index.
        decided: Decisions in force about them; one end may be another record.
        reported: Reports about them; one end may be another record.
        verdicts: What the guards said of predicted pairs when these were scored.
    """

    record_ids: Ints
    evidence: Evidence
    persons: Persons
    auto: Predictions
    potential: Predictions
    decided: Decided
    reported: Reported
    verdicts: Verdicts


def start_with_batch(connection: Connection, batch_id: str) -> int:
    """Begin the list of touched records with the new records of a batch; returns how many."""
    _make_list(connection)
    return connection.execute(load("identity/touched_batch"), {"batch_id": batch_id}).rowcount


def start_with_records(connection: Connection, record_ids: list[int]) -> int:
    """Begin the list of touched records with some records of the index; returns how many."""
    _make_list(connection)
    return connection.execute(load("identity/touched_records"), {"record_ids": record_ids}).rowcount


def start_with_everything(connection: Connection) -> int:
    """Begin the list of touched records with the whole index; returns how many records it has."""
    _make_list(connection)
    return connection.execute(load("identity/touched_everything")).rowcount


def _make_list(connection: Connection) -> None:
    _prefer_indexes(connection, True)
    connection.execute("drop table if exists pg_temp.touched_records")
    connection.execute(load("identity/touched_make"))


def read_neighbourhood(connection: Connection, started_with: int, untrusted_sources: frozenset[str]) -> Neighbourhood:
    """Follow the list of touched records to its end and read everything about it.

    Args:
        connection: In the transaction that made the list.
        started_with: How many records are on the list.
        untrusted_sources: Data sources whose versions of a source identity do not belong together.
    """
    _close(connection, started_with, sorted(untrusted_sources))
    return _read(connection, "identity/touched_predictions", untrusted_sources)


def read_rescored_neighbourhood(
    connection: Connection, started_with: int, untrusted_sources: frozenset[str]
) -> Neighbourhood:
    """The whole index, with the predictions of the latest rematch instead of its own; arguments as above."""
    if started_with:
        connection.execute("analyze touched_records")
    return _read(connection, "identity/rescored_predictions", untrusted_sources)


def _read(connection: Connection, predictions_query: str, untrusted_sources: frozenset[str]) -> Neighbourhood:
    untrusted = sorted(untrusted_sources)
    members = copy_out(connection, load("identity/touched_members"), _MEMBERS)
    record_ids = _ints(members, "record_id")
    persons = persons_from(copy_out(connection, load("identity/touched_persons"), _PERSONS))
    person = numbers_of(persons, members["person_id"])
    versions = copy_out(connection, load("identity/touched_versions"), _VERSIONS, {"untrusted_sources": untrusted})
    source_identity = np.full(len(record_ids), -1, np.int64)
    place, _ = found(record_ids, _ints(versions, "record_id"))
    source_identity[place] = np.unique(_ints(versions, "first_record_id"), return_inverse=True)[1]

    rows = copy_out(connection, load(predictions_query), _PREDICTIONS)
    predictions, potential_threshold, auto_threshold = _predictions(connection, rows)
    is_auto = predictions.probability > auto_threshold
    auto_left, left_known = found(record_ids, predictions.left)
    auto_right, right_known = found(record_ids, predictions.right)
    # The other end of an auto-match is touched too, unless it has no person yet: then it comes with its own batch.
    auto = np.flatnonzero(is_auto & left_known & right_known)
    potential = np.flatnonzero(~is_auto & (predictions.probability > potential_threshold))
    decided = _decided(connection)
    return Neighbourhood(
        record_ids=record_ids,
        evidence=Evidence(
            person=person,
            source_identity=source_identity,
            left=auto_left[auto],
            right=auto_right[auto],
            weight=predictions.weight[auto],
            margin=predictions.weight[auto] - bits_of(auto_threshold[auto]),
            must=_inside(record_ids, decided, decided.is_must_link),
            cannot=_inside(record_ids, decided, ~decided.is_must_link),
            content_keys=lambda positions: _content_keys(connection, record_ids[positions]),
        ),
        persons=persons,
        auto=predictions.only(auto),
        potential=predictions.only(potential),
        decided=decided,
        reported=_reported(connection),
        verdicts=_verdicts(rows),
    )


def _close(connection: Connection, started_with: int, untrusted: list[str]) -> None:
    _prefer_indexes(connection, started_with < _FEW)
    connection.execute("analyze touched_records")
    known = connection.execute("select exists (select from identity.membership)").fetchone()
    if not started_with or known is None or not known[0]:
        return  # Nothing there to be reached.
    connection.execute(load("identity/touched_index"))
    for step in range(1_000_000):
        reached = connection.execute(
            load("identity/touched_step"), {"round": step, "untrusted_sources": untrusted}
        ).rowcount
        if not reached:
            return
        if reached >= _ANALYZE_FROM:
            connection.execute("analyze touched_records")


def _prefer_indexes(connection: Connection, few_records: bool) -> None:
    """Until the end of the transaction, let the cost of a small change not depend on the size of the index.

    Just after a large load there are no statistics, and the planner takes whole tables for smaller than they are.
    """
    for method in ("enable_hashjoin", "enable_mergejoin"):
        connection.execute("select set_config(%s, %s, true)", [method, "off" if few_records else "on"])


def persons_from(rows: pa.Table) -> Persons:
    """Persons from rows (person_id, created_change_id, record_count, retired), ordered by id."""
    rows = rows.sort_by("person_id").combine_chunks()
    return Persons(
        _array(rows["person_id"]),
        _ints(rows, "created_change_id"),
        _ints(rows, "record_count"),
        np.asarray(rows["retired"].to_numpy(), bool),
    )


def read_persons(connection: Connection, person_ids: list[str]) -> Persons:
    """Persons by id, ordered by id."""
    return persons_from(copy_out(connection, load("identity/persons_by_id"), _PERSONS, {"person_ids": person_ids}))


def members_of(connection: Connection, record_ids: Ints) -> tuple[Ints, pa.Array]:
    """The records of these that are in the index, and the person of each."""
    if not len(record_ids):
        return NO_INTS, pa.array([], pa.string())
    rows = copy_out(
        connection, load("identity/members_of_records"), _MEMBERS, {"record_ids": np.unique(record_ids).tolist()}
    )
    return _ints(rows, "record_id"), _array(rows["person_id"])


def numbers_of(persons: Persons, person_ids: pa.ChunkedArray | pa.Array) -> Ints:
    """Position of each person among `persons`, -1 for NULL and unknown ones."""
    index = pc.index_in(person_ids, value_set=persons.person_id)
    return np.asarray(pc.fill_null(index, -1).to_numpy(), np.int64) if len(person_ids) else NO_INTS


def _verdicts(rows: pa.Table) -> Verdicts:
    rows = rows.filter(pc.is_valid(rows["guard_verdict"]))
    return Verdicts(*(_ints(rows, name) for name in ("record_id_l", "record_id_r", "model_id", "guard_verdict")))


def _predictions(connection: Connection, rows: pa.Table) -> tuple[Predictions, Floats, Floats]:
    """All predictions about the touched records, with the thresholds of the model that scored each."""
    thresholds = connection.execute(load("identity/model_thresholds")).fetchall()
    width = max((row[0] for row in thresholds), default=0) + 1
    potential, auto = np.full(width, np.inf), np.full(width, np.inf)
    for model_id, of_potential, of_auto, _ in thresholds:
        potential[model_id], auto[model_id] = of_potential, of_auto
    model = _ints(rows, "model_id")
    predictions = Predictions(
        _ints(rows, "record_id_l"),
        _ints(rows, "record_id_r"),
        _floats(rows, "match_weight"),
        _floats(rows, "match_probability"),
    )
    return predictions, potential[model], auto[model]


def _decided(connection: Connection) -> Decided:
    rows = copy_out(connection, load("identity/touched_decisions"), _DECISIONS)
    return Decided(
        np.asarray(rows["is_must_link"].to_numpy(), bool),
        _ints(rows, "record_id_l"),
        _ints(rows, "record_id_r"),
        _floats(rows, "evidence_weight"),
    )


def _reported(connection: Connection) -> Reported:
    rows = copy_out(connection, load("identity/touched_reports"), _REPORTS)
    is_same = np.asarray(rows["is_same"].to_numpy(), bool)
    return Reported(is_same, _ints(rows, "record_id_l"), _ints(rows, "record_id_r"))


def _inside(record_ids: Ints, decided: Decided, which: Flags) -> Ints:
    left, left_known = found(record_ids, decided.left[which])
    right, right_known = found(record_ids, decided.right[which])
    known = left_known & right_known
    return np.stack([left[known], right[known]])


def _content_keys(connection: Connection, record_ids: Ints) -> NDArray[np.bytes_]:
    rows = copy_out(connection, load("identity/content_keys"), _KEYS, {"record_ids": record_ids.tolist()})
    place, _ = found(np.sort(record_ids), _ints(rows, "record_id"))
    by_id = np.empty(len(record_ids), "S64")
    by_id[place] = np.array(rows["content_hash"].to_pylist(), "S64")
    wanted, _ = found(np.sort(record_ids), record_ids)
    return by_id[wanted]


def bits_of(probability: Floats) -> Floats:
    """Match weight at which a threshold lies."""
    values, inverse = np.unique(probability, return_inverse=True)
    bits = [
        -math.inf if value <= 0 else math.inf if value >= 1 else math.log2(value / (1 - value))
        for value in values.tolist()
    ]
    return np.array(bits, np.float64)[inverse] if len(probability) else np.empty(0, np.float64)


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _ints(rows: pa.Table, name: str) -> Ints:
    return np.asarray(rows[name].to_numpy(), np.int64)


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].to_numpy(), np.float64)
