"""What stands in the way of joining the records of a review case, where it is not those records themselves.

A join is refused when any pair of records that it would bring together must stay apart. A steward who is shown only
the pair that evidence links sees two records that agree. Changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import Ints, connected, found, links_of
from empi_pipeline.identity.asked_once import AskedOnce
from empi_pipeline.identity.case_queries import Case, Pair
from empi_pipeline.identity.case_reasons import Obstacle, obstacle_in_words
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.component import Component, read_component
from empi_pipeline.identity.decision_queries import DecisionInForce
from empi_pipeline.identity.evidence import ConflictSource, Guards
from empi_pipeline.identity.link_by_link import GUARD
from empi_pipeline.identity.node_conflicts import ColourComparison, colours_of
from empi_pipeline.identity.nodes import nodes_of
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.refusals import CANNOT_LINK, NO_EVIDENCE, PERSON_SIZE, WEAK_BRIDGE
from empi_pipeline.postgres import Connection

_MOST_RECORDS: Final = 2_000
"""Of larger components no obstacle is told: they would be clustered anew for whoever only looks."""
_MOST_COMPARED: Final = 250_000
_MOST_ASKED_AT_ONCE: Final = 40_000
"""Pairs of a component that are all compared by one question; of more, only those that matter are, by many."""


@dataclass(frozen=True, slots=True)
class _Clustered:
    """A component with what clustering makes of it."""

    component: Component
    node: Ints
    group: Ints
    from_scratch: Ints
    guards: Guards
    conflicts: ConflictSource

    def obstacle(self, case: Case, pair: Pair) -> Obstacle | None:
        place, known = found(self.component.record_ids, np.array([pair.record_id_l, pair.record_id_r], np.int64))
        if pair.reason is None or not known.all():
            return None
        # An overlay asks what would be if the person did not exist.
        group = self.from_scratch if case.kind == "overlay" else self.group
        one, other = sorted(group[place].tolist())
        if one == other:
            return None
        sides = np.flatnonzero(group == one), np.flatnonzero(group == other)
        if pair.reason == CANNOT_LINK:
            return self._decided(place, *sides)
        if pair.reason.startswith(GUARD):
            return self._conflict(pair.reason, place, *sides)
        if pair.reason == PERSON_SIZE or (pair.reason == NO_EVIDENCE and self._is_linked(place)):
            return self._size(*sides)
        return None

    def _decided(self, asked: Ints, first: Ints, second: Ints) -> Obstacle | None:
        sides = [set(self.component.record_ids[side].tolist()) for side in (first, second)]
        own = set(self.component.record_ids[asked].tolist())
        between = [
            each
            for each in self.component.decisions
            if each.kind == CANNOT_LINK
            and any(each.record_id_l in one and each.record_id_r in other for one, other in (sides, sides[::-1]))
        ]
        # Oldest first as they come; the one about the very pair explains best.
        between.sort(key=lambda each: -len(own & {each.record_id_l, each.record_id_r}))
        if not between:
            return None
        return self._about(CANNOT_LINK, between[0].record_id_l, between[0].record_id_r, between[0])

    def _conflict(self, reason: str, asked: Ints, first: Ints, second: Ints) -> Obstacle | None:
        records = np.sort(np.r_[first, second])
        if len(first) * len(second) > _MOST_COMPARED:
            return None
        _, node = np.unique(self.node[records], return_inverse=True)
        # Each node is a component of its own here: then its number is its colour.
        colours = colours_of(node, np.arange(int(node.max()) + 1), _Some(self.conflicts, records))
        of_first, of_second = (np.unique(node[np.searchsorted(records, side)]) for side in (first, second))
        comparison = ColourComparison(colours, _Some(self.conflicts, records))
        clash = comparison.between(np.repeat(of_first, len(of_second)), np.tile(of_second, len(of_first)))
        own = set(node[np.searchsorted(records, asked[np.isin(asked, records)])].tolist())
        named = [
            (-len(own & {left, right}), left, right)
            for left, right, why in zip(clash.left.tolist(), clash.right.tolist(), clash.reasons, strict=True)
            if GUARD + why == reason
        ]
        if not named:
            return None
        _, left, right = min(named)
        members, others = np.flatnonzero(node == left), np.flatnonzero(node == right)
        one, other = records[np.repeat(members, len(others))], records[np.tile(others, len(members))]
        clashing, reasons = self.conflicts.between(one, other)
        ids = self.component.record_ids
        pairs = [
            (ids[one[place]], ids[other[place]])
            for place, why in zip(clashing.tolist(), reasons, strict=True)
            if GUARD + why == reason
        ]
        asked_ids = set(ids[asked].tolist())
        chosen = min(pairs, key=lambda two: (-len(asked_ids & set(two)), sorted(two)))
        return self._about(reason, int(min(chosen)), int(max(chosen)))

    def _size(self, first: Ints, second: Ints) -> Obstacle:
        together = len(np.unique(self.node[np.r_[first, second]]))
        if self.guards.max_person_size is not None and together > self.guards.max_person_size:
            return Obstacle(PERSON_SIZE, source_identities=together)
        return Obstacle(WEAK_BRIDGE)

    def _is_linked(self, places: Ints) -> bool:
        """Whether evidence connects two records after all, so that something else would keep them apart."""
        evidence, (left, right) = self.component.evidence, links_of(self.node)
        label = connected(evidence.count, np.r_[evidence.left, left], np.r_[evidence.right, right])
        return bool(label[places[0]] == label[places[1]])

    def _about(self, reason: str, left: int, right: int, decision: DecisionInForce | None = None) -> Obstacle:
        places, _ = found(self.component.record_ids, np.array([left, right], np.int64))
        persons = tuple(self.component.person_ids[place] for place in places.tolist())
        return Obstacle(reason, (left, right), persons, decision)


@dataclass(frozen=True, slots=True)
class _Some:
    """Conflicts among some records of a larger set, under positions of their own."""

    conflicts: ConflictSource
    records: Ints

    def profiles(self, records: Ints) -> Ints:
        return self.conflicts.profiles(self.records[records])

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        return self.conflicts.between(self.records[left], self.records[right])

    def aspects(self, left: Ints, right: Ints) -> Ints:
        return self.conflicts.aspects(self.records[left], self.records[right])


def obstacles(connection: Connection, case: Case, policy: Policy) -> list[Obstacle | None]:
    """For each pair of a case what stands in the way of joining it, worked out from the rules as they are now.

    Args:
        connection: An open connection.
        case: An open case; nothing stands in the way of one that is closed.
        policy: What identity goes by.

    Returns:
        None where the pair has no such reason, where the rules give another one by now, or where too many records are
        connected with the case.
    """
    nothing: list[Obstacle | None] = [None] * len(case.pairs)
    if case.status != "open" or not any(_may_be_elsewhere(pair.reason) for pair in case.pairs):
        return nothing
    records = [record.record_id for person in case.persons for record in person.records]
    component = read_component(connection, records, policy.untrusted_sources, most=_MOST_RECORDS)
    if component is None:
        return nothing
    return list(_told(connection, component, case, policy))


def reasons_in_words(connection: Connection, case: Case, policy: Policy) -> list[tuple[Obstacle | None, str | None]]:
    """For each pair of a case what stands in the way, as `obstacles`, and a sentence: of that, else of its reason."""
    persons = {person.person_id for person in case.persons}
    return [
        (
            obstacle,
            pair.reason_in_words
            if obstacle is None
            else obstacle_in_words(obstacle, case.kind, (pair.record_id_l, pair.record_id_r), persons),
        )
        for pair, obstacle in zip(case.pairs, obstacles(connection, case, policy), strict=True)
    ]


def _told(connection: Connection, component: Component, case: Case, policy: Policy) -> Iterator[Obstacle | None]:
    guards = policy.guards_of(connection)
    with policy.conflicts(connection, guards, component.record_ids) as asked:
        count = len(component.record_ids)
        conflicts = AskedOnce(asked, count) if count * (count - 1) // 2 <= _MOST_ASKED_AT_ONCE else asked
        clustering = cluster(component.evidence, guards, conflicts)
        node = nodes_of(component.evidence, guards, conflicts).node
        clustered = _Clustered(component, node, clustering.group, clustering.from_scratch, guards, conflicts)
        for pair in case.pairs:
            yield clustered.obstacle(case, pair) if _may_be_elsewhere(pair.reason) else None


def _may_be_elsewhere(reason: str | None) -> bool:
    return reason is not None and (reason in (CANNOT_LINK, PERSON_SIZE, NO_EVIDENCE) or reason.startswith(GUARD))
