"""What clustering looks at and what it gives back: plain arrays, positions instead of record ids."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from empi_pipeline.identity.arrays import NO_INTS, Floats, Ints


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on what may be joined without a steward. All of them only ever refuse a join.

    Attributes:
        hard_conflicts: Refuse to join records that `guards.find_conflicts` says cannot be the same human.
        version_conflict_aspects: Two versions of one source identity look like different humans, and are kept apart,
            when they conflict in at least this many aspects (a given name and a birth date, say). With fewer, which a
            source's correction explains as well, they stay together and an overlay case asks.
        max_person_size: Most source identities that one person may gather; None for no limit.
        weak_bridge_bits: A prediction less than this many bits above the auto threshold is weak. A weak prediction
            that alone connects two groups does not join them; None turns this guard off.
        weak_bridge_side: Both groups need at least this many source identities for that.
    """

    hard_conflicts: bool = True
    version_conflict_aspects: int = 2
    max_person_size: int | None = 500
    weak_bridge_bits: float | None = 3.0
    weak_bridge_side: int = 3


NO_GUARDS = Guards(hard_conflicts=False, max_person_size=None, weak_bridge_bits=None)
"""Plain connected components, as the reference system does it; decisions bind all the same."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known about a closed set of records: what they are, and what speaks for and against joining them.

    Attributes:
        person: Number of the person each record belongs to, -1 for a new record.
        source_identity: Number of the source identity whose versions belong together, -1 where that says nothing
            (an only version, or a data source not to be trusted in this).
        left: One end of each auto-match (position of a record).
        right: The other end.
        weight: Match weight of each auto-match, bits.
        margin: Match weight above the auto threshold of the model that scored it, bits.
        must: Pairs (2, n) that decisions in force put together.
        cannot: Pairs (2, n) that decisions in force keep apart.
        content_keys: For some positions, a byte string each that depends on the content of the record alone: breaks
            ties without regard to the order of arrival.
    """

    person: Ints
    source_identity: Ints
    left: Ints
    right: Ints
    weight: Floats
    margin: Floats
    content_keys: Callable[[Ints], NDArray[np.bytes_]]
    must: Ints = field(default_factory=lambda: np.empty((2, 0), np.int64))
    cannot: Ints = field(default_factory=lambda: np.empty((2, 0), np.int64))

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.person)


class ConflictSource(Protocol):
    """Tells which pairs of records cannot be the same human. Pure and symmetric."""

    def profiles(self, records: Ints) -> Ints:
        """Numbers of the attribute profiles: equal for records that no conflict can tell apart."""
        ...

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """Which of the pairs conflict (ascending indexes into the arguments) and, for each of them, the reasons."""
        ...

    def aspects(self, left: Ints, right: Ints) -> Ints:
        """In how many aspects, each by itself, the pairs conflict."""
        ...


class NoConflicts:
    """The conflict source of switched-off guards."""

    def profiles(self, records: Ints) -> Ints:
        """All records look the same."""
        return np.zeros(len(records), np.int64)

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """No pair conflicts."""
        return NO_INTS, []

    def aspects(self, left: Ints, right: Ints) -> Ints:
        """In none."""
        return np.zeros(len(left), np.int64)


class Kind(IntEnum):
    """Kinds of review cases, in the order of the queue's risk."""

    POTENTIAL_MATCH = 0
    CONFLICT = 1
    OVERLAY = 2

    @property
    def code(self) -> str:
        """As stored."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """A pair of records (positions) that a steward should look at, and why."""

    kind: Kind
    left: int
    right: int
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings as columns: a component of many records may have more refused links than records.

    Attributes:
        kind: Kind of each.
        left: One record (position).
        right: The other.
        reason: Why, as text.
    """

    kind: Ints
    left: Ints
    right: Ints
    reason: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.kind)

    def __iter__(self) -> Iterator[Finding]:
        columns = (self.kind.tolist(), self.left.tolist(), self.right.tolist(), self.reason.tolist())
        return (Finding(Kind(kind), left, right, reason) for kind, left, right, reason in zip(*columns, strict=True))

    @staticmethod
    def none() -> "Findings":
        """No findings."""
        return Findings(NO_INTS, NO_INTS, NO_INTS, np.empty(0, object))

    @staticmethod
    def of_one_kind(kind: Kind, left: Ints, right: Ints, vocabulary: Sequence[str], reason: Ints) -> "Findings":
        """Findings of one kind, the reason as a place in a vocabulary."""
        words = np.array([*vocabulary, ""], object)
        return Findings(np.full(len(left), kind, np.int64), left, right, words[reason])

    @staticmethod
    def concat(*parts: "Findings") -> "Findings":
        """All of them, in this order."""
        return Findings(
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.left for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.reason for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Clustering:
    """The partition to be, the partition that a match from scratch gives, and what accounts for the difference.

    Attributes:
        group: Group of each record; existing persons are whole.
        from_scratch: Group of each record if no person existed yet.
        findings: Refused joins (conflict), persons that should come apart (overlay).
        delicate: Records in components that hold something to mind; all others were joined whole.
        one_by_one: Links that had to be looked at one by one.
    """

    group: Ints
    from_scratch: Ints
    findings: Findings
    delicate: int = 0
    one_by_one: int = 0
