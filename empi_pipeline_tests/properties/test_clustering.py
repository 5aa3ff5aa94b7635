"""Clustering against its definition, and against every order of arrival."""

import os
from itertools import combinations, pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from empi_pipeline.identity import apart as apart_module
from empi_pipeline.identity import contraction, delicate
from empi_pipeline.identity.arrays import NO_INTS, Ints
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import NO_GUARDS, Clustering, Evidence, Guards, Kind
from empi_pipeline_tests.properties.oracle import Facts, Group, apart, from_scratch, group_of, join

EXAMPLES = int(os.environ.get("EMPI_EXAMPLES", "150"))
PROPERTY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


class FactConflicts:
    """Conflicts as the facts tell them; the records are those of `order`."""

    def __init__(self, facts: Facts, order: list[str]) -> None:
        self.facts, self.order = facts, order

    def profiles(self, records: Ints) -> Ints:
        # Records look alike when they conflict with the same others.
        looks = [tuple(self.facts.conflict(self.order[r], other) for other in self.facts.records) for r in records]
        known = sorted(set(looks))
        return np.array([known.index(look) for look in looks], np.int64)

    def aspects(self, left: Ints, right: Ints) -> Ints:
        return np.array(
            [self.facts.conflict(self.order[one], self.order[other]) for one, other in zip(left, right, strict=True)],
            np.int64,
        )

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        counts = [
            self.facts.conflict(self.order[one], self.order[other]) for one, other in zip(left, right, strict=True)
        ]
        return np.flatnonzero(np.array(counts, np.int64)), ["+".join("abcdef"[:count]) for count in counts if count]


def evidence_of(facts: Facts, order: list[str], persons: set[Group]) -> Evidence:
    place = {record: number for number, record in enumerate(order)}
    person = np.full(len(order), -1, np.int64)
    for number, group in enumerate(sorted(persons, key=sorted)):
        person[[place[record] for record in group]] = number
    names = sorted(set(facts.source_identity.values()))

    def pairs(of: list[tuple[str, str]]) -> Ints:
        return np.array([[place[one] for one, _ in of], [place[other] for _, other in of]], np.int64).reshape(2, -1)

    weight = np.array([weight for _, _, weight in facts.links], np.float64)
    left, right = pairs([link[:2] for link in facts.links])
    return Evidence(
        person=person,
        source_identity=np.array(
            [names.index(facts.source_identity[r]) if r in facts.source_identity else -1 for r in order], np.int64
        ),
        left=left,
        right=right,
        weight=weight,
        margin=weight,
        content_keys=lambda records: np.array([order[record] for record in records], "S8"),
        must=pairs(facts.must),
        cannot=pairs(facts.cannot),
    )


def run(facts: Facts, order: list[str], persons: set[Group], guards: Guards) -> Clustering:
    """Clusters in rounds by whole arrays to the very end, link by link, and comparing only what comes together.

    Nobody may see the difference.
    """
    evidence, conflicts = evidence_of(facts, order, persons), FactConflicts(facts, order)
    with (
        patch.object(contraction, "FEW_LINKS", 0),
        patch.object(contraction, "WORTHWHILE", 0.999),
        patch.object(apart_module, "MANY", 0),
    ):
        in_rounds = cluster(evidence, guards, conflicts)
    plainly = cluster(evidence, guards, conflicts)
    assert partition(in_rounds.group) == partition(plainly.group)
    assert partition(in_rounds.from_scratch) == partition(plainly.from_scratch)
    assert list(in_rounds.findings) == list(plainly.findings)
    with patch.object(delicate, "CROWD", 1):
        as_a_crowd = cluster(evidence, guards, conflicts)
    assert partition(as_a_crowd.group) == partition(plainly.group)
    assert partition(as_a_crowd.from_scratch) == partition(plainly.from_scratch)
    assert [(found.kind, found.left, found.right) for found in as_a_crowd.findings] == [
        (found.kind, found.left, found.right) for found in plainly.findings
    ]
    return in_rounds


def partition(labels: Ints) -> list[list[int]]:
    return sorted(np.flatnonzero(labels == label).tolist() for label in np.unique(labels))


def groups(labels: Ints, order: list[str]) -> set[Group]:
    return {frozenset(order[place] for place in np.flatnonzero(labels == label)) for label in np.unique(labels)}


@st.composite
def worlds(draw: st.DrawFn) -> Facts:
    records = [chr(ord("a") + number) for number in range(draw(st.integers(2, 9)))]
    pair = st.sampled_from(list(combinations(records, 2)))
    weight = st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0])
    links = draw(st.dictionaries(pair, weight, max_size=14))
    sources = draw(st.dictionaries(st.sampled_from(records), st.sampled_from("XY"), max_size=5))
    look = {record: draw(st.tuples(st.sampled_from("..12"), st.sampled_from("..12"))) for record in records}
    must: list[tuple[str, str]] = []
    cannot: list[tuple[str, str]] = []
    for one, other in draw(st.lists(pair, max_size=4, unique=True)):
        together = {frozenset([record]) for record in records}
        for decided in must:
            together = join(together, *decided)
        # Decisions never contradict each other: whoever decides is told.
        if draw(st.booleans()):
            if not apart(Facts(records, cannot=cannot), group_of(together, one), group_of(together, other)):
                must.append((one, other))
        elif group_of(together, one) != group_of(together, other):
            cannot.append((one, other))

    def conflict(one: str, other: str) -> int:
        return sum(
            mine != theirs and "." not in (mine, theirs) for mine, theirs in zip(look[one], look[other], strict=True)
        )

    return Facts(records, sources, [(*pair, bits) for pair, bits in links.items()], must, cannot, conflict)


GUARDS = st.sampled_from(
    [
        NO_GUARDS,
        Guards(),
        Guards(max_person_size=3),
        Guards(max_person_size=2, hard_conflicts=False),
        Guards(weak_bridge_side=2, weak_bridge_bits=1.5),
        Guards(weak_bridge_side=1, weak_bridge_bits=3.0, version_conflict_aspects=1),
    ]
)


@PROPERTY
@given(worlds(), GUARDS, st.randoms(use_true_random=False))
def test_a_first_load_gives_the_partition_from_scratch_whatever_the_order(facts: Facts, guards: Guards, random) -> None:
    order = random.sample(facts.records, len(facts.records))
    found = run(facts, order, set(), guards)
    assert groups(found.group, order) == from_scratch(facts, guards)
    assert groups(found.from_scratch, order) == from_scratch(facts, guards)


@PROPERTY
@given(worlds(), GUARDS, st.randoms(use_true_random=False))
def test_batches_in_any_order_lead_to_that_partition_but_for_persons_with_an_overlay_case(
    facts: Facts, guards: Guards, random
) -> None:
    order = random.sample(facts.records, len(facts.records))
    cuts = sorted(random.sample(range(1, len(order)), min(len(order) - 1, random.randint(0, 3))))
    persons: set[Group] = set()
    for end in [*cuts, len(order)]:
        arrived = order[:end]
        known = facts.only(set(arrived))
        # Decisions are taken between records of the index; here they are known from the start.
        found = run(known, arrived, persons, guards)
        after = groups(found.group, arrived)
        scratch = from_scratch(known, guards)
        assert groups(found.from_scratch, arrived) == scratch
        assert all(any(person <= group for group in after) for person in persons), "an existing person came apart"
        assert not any(apart(known, group, group) for group in after), "a cannot-link is violated"
        overlaid = {group for group in after if not any(group <= block for block in scratch)}
        reported = {
            group_of(after, arrived[finding.left]) for finding in found.findings if finding.kind == Kind.OVERLAY
        }
        assert overlaid <= reported, "a person that should come apart has no overlay case"
        for block in blocks(after, scratch):
            differ = {group for group in after if group <= block} != {group for group in scratch if group <= block}
            assert not differ or any(group <= block for group in overlaid), "a difference nobody accounts for"
        persons = after


def blocks(first: set[Group], second: set[Group]) -> set[Group]:
    """The finest partition that both are finer than."""
    result = set(first)
    for group in second:
        members = sorted(group)
        for other in members[1:]:
            result = join(result, members[0], other)
    return result


@PROPERTY
@given(worlds(), GUARDS)
def test_every_auto_match_between_two_persons_is_reported_with_a_reason(facts: Facts, guards: Guards) -> None:
    found = run(facts, facts.records, set(), guards)
    refused = {
        frozenset(link[:2])
        for link in facts.links
        if group_of(groups(found.group, facts.records), link[0])
        != group_of(groups(found.group, facts.records), link[1])
    }
    reported = {
        frozenset((facts.records[finding.left], facts.records[finding.right])): finding.reason
        for finding in found.findings
        if finding.kind == Kind.CONFLICT
    }
    assert reported.keys() == refused
    assert all(reported.values())


@pytest.mark.parametrize("size", [2, 40, 200])
def test_a_component_of_lookalikes_is_compared_once_per_look(size: int) -> None:
    records = [f"{number:04d}" for number in range(size)]
    facts = Facts(
        records,
        links=[(one, other, 5.0) for one, other in pairwise(records)],
        conflict=lambda one, other: int({one, other} == {records[0], records[-1]}),
    )
    found = run(facts, records, set(), Guards())
    assert groups(found.group, records) == from_scratch(facts, Guards())


def test_nothing_comes_of_nothing() -> None:
    nothing = Evidence(NO_INTS, NO_INTS, NO_INTS, NO_INTS, np.empty(0), np.empty(0), lambda _: np.empty(0, "S8"))
    assert len(cluster(nothing, Guards(), FactConflicts(Facts([]), [])).group) == 0
