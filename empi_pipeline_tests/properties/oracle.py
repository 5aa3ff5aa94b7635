"""The partition from scratch by its definition, as naively as can be: sets of sets, every check over all pairs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations

from empi_pipeline.identity.evidence import Guards

Group = frozenset[str]


@dataclass
class Facts:
    """A little world: records are strings whose alphabetical order is the order of their content."""

    records: list[str]
    source_identity: dict[str, str] = field(default_factory=dict)
    links: list[tuple[str, str, float]] = field(default_factory=list)  # weight in bits above the auto threshold
    must: list[tuple[str, str]] = field(default_factory=list)
    cannot: list[tuple[str, str]] = field(default_factory=list)
    conflict: Callable[[str, str], int] = lambda _one, _other: 0  # number of reasons

    def only(self, records: set[str]) -> "Facts":
        """The part of the world that concerns some records."""

        def within(pair: tuple[str, ...]) -> bool:
            return pair[0] in records and pair[1] in records

        return Facts(
            [record for record in self.records if record in records],
            {record: source for record, source in self.source_identity.items() if record in records},
            [link for link in self.links if within(link)],
            [pair for pair in self.must if within(pair)],
            [pair for pair in self.cannot if within(pair)],
            self.conflict,
        )


def join(groups: set[Group], one: str, other: str) -> set[Group]:
    """The groups with those of two records joined."""
    first, second = group_of(groups, one), group_of(groups, other)
    return (groups - {first, second}) | {first | second}


def group_of(groups: set[Group], record: str) -> Group:
    return next(group for group in groups if record in group)


def apart(facts: Facts, first: Group, second: Group) -> bool:
    """Whether a decision keeps two groups apart."""
    return any((one in first and other in second) or (one in second and other in first) for one, other in facts.cannot)


def nodes(facts: Facts, guards: Guards) -> set[Group]:
    groups = {frozenset([record]) for record in facts.records}
    for one, other in facts.must:
        groups = join(groups, one, other)
    for one, other in sorted(
        tuple(sorted(pair))
        for pair in combinations(facts.records, 2)
        if pair[0] in facts.source_identity
        and facts.source_identity[pair[0]] == facts.source_identity.get(pair[1])
        and same_part(facts, guards, *pair)
    ):
        if not apart(facts, group_of(groups, one), group_of(groups, other)):
            groups = join(groups, one, other)
    return groups


def same_part(facts: Facts, guards: Guards, one: str, other: str) -> bool:
    """Whether versions lead from one to the other in steps that do not look like different humans."""
    versions = [r for r in facts.records if facts.source_identity.get(r) == facts.source_identity[one]]
    reached = {one}
    for _ in versions:
        reached |= {
            later
            for later in versions
            for earlier in reached
            if not guards.hard_conflicts or facts.conflict(earlier, later) < guards.version_conflict_aspects
        }
    return other in reached


def from_scratch(facts: Facts, guards: Guards) -> set[Group]:
    groups = nodes(facts, guards)
    known = set(groups)

    def clash(first: Group, second: Group) -> bool:
        return guards.hard_conflicts and any(
            unexplained(facts, one_node, other_node)
            for one_node in known
            if one_node <= first
            for other_node in known
            if other_node <= second
        )

    bridges = weak_bridges(facts, known, guards, clash)
    for one, other, _weight in sorted(facts.links, key=lambda link: (-link[2], sorted(link[:2]))):
        first, second = group_of(groups, one), group_of(groups, other)
        too_large = (
            guards.max_person_size is not None
            and len([node for node in known if node <= first | second]) > guards.max_person_size
        )
        if (
            first != second
            and not too_large
            and not apart(facts, first, second)
            and not clash(first, second)
            and (one, other) not in bridges
        ):
            groups = join(groups, one, other)
    return groups


def unexplained(facts: Facts, one_node: Group, other_node: Group) -> bool:
    """Whether two nodes conflict in a way that neither of them explains by its own history."""

    def explained(mine: str, theirs: str, node: Group) -> bool:
        return any(facts.conflict(mine, twin) > 0 and not facts.conflict(twin, theirs) > 0 for twin in node)

    return any(
        facts.conflict(one, other) > 0 and not explained(one, other, one_node) and not explained(other, one, other_node)
        for one in one_node
        for other in other_node
    )


def weak_bridges(
    facts: Facts, known: set[Group], guards: Guards, clash: Callable[[Group, Group], bool]
) -> set[tuple[str, str]]:
    """By definition: take the link away, and look what is left on both sides of it."""
    if guards.weak_bridge_bits is None:
        return set()
    sound = [
        (one, other, weight)
        for one, other, weight in facts.links
        if group_of(known, one) != group_of(known, other)
        and not clash(group_of(known, one), group_of(known, other))
        and not apart(facts, group_of(known, one), group_of(known, other))
    ]
    found = set()
    for place, (one, other, weight) in enumerate(sound):
        sides = set(known)
        for left, right, _ in sound[:place] + sound[place + 1 :]:
            sides = join(sides, left, right)
        first, second = group_of(sides, one), group_of(sides, other)
        if first != second and weight < guards.weak_bridge_bits:
            sizes = [len([node for node in known if node <= side]) for side in (first, second)]
            if min(sizes) >= guards.weak_bridge_side:
                found.add((one, other))
    return found
