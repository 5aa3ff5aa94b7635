"""The index measured against known truth: figures, thresholds, and errors by kind. Reads only, in one snapshot.

Partial truth is fine: only source identities that the truth names count, and only among one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from psycopg import IsolationLevel, sql

from empi_pipeline.evaluation.agreement import Agreement, agreement, harmonic
from empi_pipeline.evaluation.truth import TRUTH_SCHEMA, TruthError
from empi_pipeline.linkage import blocking_lookups, registry
from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.sql import load

MOST_TO_LIST: Final = 100
"""Persons of more humans, and humans in more persons, are counted but not looked into."""

_ITEMS: Final = pa.schema([("identity_no", pa.int64()), ("human_no", pa.int64()), ("person_id", pa.string())])


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What joining every scored pair above a weight would give, pair by pair, before clustering and guards.

    Pairs are pairs of records of different source identities.
    """

    above_bits: float
    pairs: int
    right: int
    true_pairs: int

    @property
    def precision(self) -> float:
        """Share of the pairs above that are one human."""
        return self.right / self.pairs if self.pairs else 1.0

    @property
    def recall(self) -> float:
        """Share of all true pairs that are above."""
        return self.right / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return harmonic(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class FalseJoins:
    """Pairs of source identities wrongly in one person: what misled, what joined them, and what they have in common."""

    kind: str
    joined_by: str
    in_common: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Pairs of source identities of one human in two persons: what kept them apart, and whether a case asks."""

    kind: str
    in_review: bool
    pairs: int
    person_pairs: int


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Source identities of one group: how many, how many are with another human, how many lack others of theirs."""

    dimension: str
    label: str
    identities: int
    overlaid: int
    split: int


@dataclass(frozen=True, slots=True)
class AgainstTruth:
    """Everything measured.

    Attributes:
        named: Source identities that the truth names.
        in_index: Of these, those that the index has.
        indexed: Source identities of the index.
        identities: Agreement counted by source identity; one whose versions are in two persons counts in each.
        records: Agreement counted by record version.
        thresholds: By match weight, the highest first.
        auto: What the auto threshold gives, of whatever model scored each pair.
        false_joins: Errors of the one kind, the most frequent first.
        missed: Errors of the other.
        subgroups: Both by data source, sex, race and age band.
        change_id: The identity change the index stood at.
        model_id: The active model; None before there is one.
    """

    named: int
    in_index: int
    indexed: int
    identities: Agreement
    records: Agreement
    thresholds: tuple[AtThreshold, ...]
    auto: AtThreshold | None
    false_joins: tuple[FalseJoins, ...]
    missed: tuple[Missed, ...]
    subgroups: tuple[Subgroup, ...]
    change_id: int
    model_id: int | None = field(default=None)

    @property
    def missed_in_review(self) -> float | None:
        """Share of the missed pairs that an open case asks about; None when none is missed."""
        pairs = self.identities.missed
        return sum(each.pairs for each in self.missed if each.in_review) / pairs if pairs else None

    @property
    def overlay_rate(self) -> float:
        """Share of the persons that hold more than one human."""
        return self.identities.overlaid / self.identities.persons if self.identities.persons else 0.0


def measure(connection: Connection, truth: pa.Table) -> AgainstTruth:
    """Compare the index with the truth.

    Costs sorts and joins of the records that the truth names; pairs are counted from group sizes, never listed, but
    for the errors, which are looked at by person and human.

    Args:
        connection: A connection in no transaction; temporary tables are made in one and go with it.
        truth: As `truth.read_truth` gives it.

    Raises:
        TruthError: The truth gives a source identity to two humans, or names none of the index.
    """
    connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    with connection.transaction(), connection.cursor() as cursor:
        _load_truth(connection, truth)
        cursor.execute(load("evaluation/compared_make"))
        cursor.execute("create index on compared (record_id)")
        cursor.execute("analyze compared")
        named, in_index, indexed = cursor.execute(load("evaluation/compared_counts")).fetchone() or (0, 0, 0)
        if not in_index:
            raise TruthError(
                f"none of the {named:,} source identities of the truth is in the index: are data_source and"
                " source_person_id written as they were delivered?"
            )
        items = copy_out(connection, load("evaluation/compared_items"), _ITEMS)
        identities, records, true_pairs = _agreements(items)
        thresholds, auto = _thresholds(connection, true_pairs)
        newest = cursor.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone() or (0,)
        active = registry.active(connection)
        return AgainstTruth(
            named=named,
            in_index=in_index,
            indexed=indexed,
            identities=identities,
            records=records,
            thresholds=thresholds,
            auto=auto,
            false_joins=_false_joins(connection, identities.wrong),
            missed=_missed(connection, identities.missed),
            subgroups=tuple(Subgroup(*row) for row in cursor.execute(load("evaluation/by_subgroup")).fetchall()),
            change_id=newest[0],
            model_id=active.model_id if active else None,
        )


def _load_truth(connection: Connection, truth: pa.Table) -> None:
    connection.execute(load("evaluation/truth_make"))
    copy_in(connection, "truth", truth.select(TRUTH_SCHEMA.names))
    connection.execute("analyze truth")
    contradictions = connection.execute(load("evaluation/truth_contradictions")).fetchall()
    if contradictions:
        lines = "; ".join(f"line {line} and line {first}" for first, line in contradictions)
        raise TruthError(f"the truth gives one source identity to two humans: {lines}")
    connection.execute(load("evaluation/truth_repeats"))


def _agreements(items: pa.Table) -> tuple[Agreement, Agreement, int]:
    """By source identity, by record, and the true pairs of records of different source identities."""
    records = agreement(items["person_id"], items["human_no"])
    identities = items.group_by(items.column_names).aggregate([])
    versions = np.asarray(items.group_by("identity_no").aggregate([([], "count_all")])["count_all"], np.int64)
    true_pairs = records.right + records.missed - int((versions * (versions - 1) // 2).sum())
    return agreement(identities["person_id"], identities["human_no"]), records, true_pairs


def _thresholds(connection: Connection, true_pairs: int) -> tuple[tuple[AtThreshold, ...], AtThreshold | None]:
    found = []
    pairs = right = auto_pairs = auto_right = 0
    rows = connection.execute(load("evaluation/scored_by_weight")).fetchall()
    for above_bits, more, more_right, more_auto, more_auto_right in reversed(rows):
        pairs, right = pairs + more, right + more_right
        auto_pairs, auto_right = auto_pairs + more_auto, auto_right + more_auto_right
        found.append(AtThreshold(float(above_bits), pairs, right, true_pairs))
    active = registry.active(connection)
    if active is None:
        return tuple(found), None
    auto = active.model.auto_threshold
    bits = float(np.log2(auto / (1 - auto))) if 0 < auto < 1 else float("inf" if auto else "-inf")
    return tuple(found), AtThreshold(bits, auto_pairs, auto_right, true_pairs)


def _false_joins(connection: Connection, all_pairs: int) -> tuple[FalseJoins, ...]:
    connection.execute(_bound("evaluation/false_joins_make", {"most_humans": MOST_TO_LIST}, connection))
    connection.execute("analyze false_joins")
    found = [FalseJoins(*row) for row in connection.execute(load("evaluation/false_joins_by_kind")).fetchall()]
    rest = all_pairs - sum(each.pairs for each in found)
    return (
        (*found, FalseJoins("persons_of_very_many_humans", "not looked into", "", rest)) if rest > 0 else tuple(found)
    )


def _missed(connection: Connection, all_pairs: int) -> tuple[Missed, ...]:
    connection.execute(_bound("evaluation/missed_make", {"most_persons": MOST_TO_LIST}, connection))
    connection.execute("analyze missed")
    _mark_those_that_share_a_key(connection)
    found = [Missed(*row) for row in connection.execute(load("evaluation/missed_by_kind")).fetchall()]
    rest = all_pairs - sum(each.pairs for each in found)
    return (*found, Missed("humans_in_very_many_persons", False, rest, 0)) if rest > 0 else tuple(found)


def _bound(name: str, values: Mapping[str, Any], connection: Connection) -> sql.SQL:
    """A statement with its values in it: `create table as` takes no parameters from outside."""
    from psycopg import ClientCursor

    return sql.SQL(ClientCursor(connection).mogrify(load(name), values))


def _mark_those_that_share_a_key(connection: Connection) -> None:
    """Tell missed pairs that were compared and found unlike from those that no blocking rule brings together."""
    active = registry.active(connection)
    if active is None:
        return
    table = f"blocking_keys_{active.model_id}"
    there = connection.execute("select to_regclass(%s) is not null", [f"matching.{table}"]).fetchone()
    if there != (True,):
        return
    connection.execute(load("evaluation/unscored_members_make"))
    connection.execute("analyze unscored_members")
    keys = sql.Identifier("matching", table)
    lookups = sql.SQL(" union ").join(
        sql.SQL(
            "select one.missed_no from unscored_members as one join {keys} as ours on ours.record_id = one.record_id"
            " join unscored_members as other on other.missed_no = one.missed_no and one.first <> other.first"
            " join {keys} as theirs on theirs.record_id = other.record_id and theirs.{theirs} = ours.{ours}"
        ).format(keys=keys, ours=sql.Identifier(ours), theirs=sql.Identifier(theirs))
        for ours, theirs in blocking_lookups(active.model)
    )
    connection.execute(sql.SQL("update missed set could_be_found = true where missed_no in ({})").format(lookups))
