"""The partition of an index against the oracle's partition from scratch: open overlay cases account for differences."""

from collections.abc import Iterator

from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import ATTRIBUTES
from empi_pipeline_tests.properties.histories.observed import State
from empi_pipeline_tests.properties.histories.world import QuickWorld, key_of
from empi_pipeline_tests.properties.oracle import Facts, from_scratch

_MOST = 24
"""Records that the oracle, which looks at all pairs of pairs, can be asked about in reasonable time."""


def differs_from_scratch(connection: Connection, world: QuickWorld, state: State, one_threshold: bool) -> Iterator[str]:
    """Differences that no open overlay case explains; nothing for indexes the oracle cannot judge."""
    if not one_threshold or not 0 < len(state.members) <= _MOST:
        return
    facts, record_of = _facts(connection, world, state)
    groups = from_scratch(facts, world.guards)
    persons: dict[str, set[int]] = {}
    for record, person_id in state.members.items():
        persons.setdefault(person_id, set()).add(record)
    scratch = [{record_of[key] for key in group} for group in groups]
    reported = {
        state.members[record]
        for case in state.open_cases().values()
        if case.kind == "overlay"
        for pair in case.pairs
        for record in pair
    }
    overlaid = set()
    for person_id, records in persons.items():
        if not any(records <= group for group in scratch):
            overlaid.add(person_id)
            if person_id not in reported:
                yield f"{sorted(records)} would come apart from scratch, and no overlay case says so"
    blocks = _blocks([*persons.values(), *scratch])
    for block in blocks:
        inside = [person_id for person_id, records in persons.items() if records <= block]
        same = len(inside) == sum(group <= block for group in scratch) == 1
        if not same and not overlaid & set(inside):
            yield f"{sorted(block)} differs from the partition from scratch, and nobody in it is overlaid"


def _facts(connection: Connection, world: QuickWorld, state: State) -> tuple[Facts, dict[str, int]]:
    name_of = {record: name for name, record in world.ids.items()}
    key = {record: key_of(name_of[record]) for record in state.members}
    attributes = {key[record]: world.attributes[record] for record in state.members}
    links = connection.execute(
        "select record_id_l, record_id_r,"
        " match_weight - log(2, (auto_threshold / (1 - auto_threshold))::numeric)::float8"
        " from matching.predictions join matching.model using (model_id) where match_probability > auto_threshold"
    ).fetchall()
    decisions = state.in_force().items()

    def conflict(one: str, other: str) -> int:
        return sum(
            bool(mine and theirs and mine != theirs)
            for _, mine, theirs in zip(ATTRIBUTES, attributes[one], attributes[other], strict=True)
        )

    facts = Facts(
        records=sorted(key.values()),
        source_identity={
            key[record]: repr(world.identity[name_of[record]])
            for record in state.members
            if world.identity[name_of[record]][0] not in world.untrusted
        },
        links=[(key[left], key[right], weight) for left, right, weight in links if left in key and right in key],
        must=[(key[pair[0]], key[pair[1]]) for pair, kind in decisions if kind == "must_link"],
        cannot=[(key[pair[0]], key[pair[1]]) for pair, kind in decisions if kind == "cannot_link"],
        conflict=conflict,
    )
    return facts, {text: record for record, text in key.items()}


def _blocks(sets: list[set[int]]) -> list[set[int]]:
    blocks: list[set[int]] = []
    for each in sets:
        meeting = [block for block in blocks if block & each]
        blocks = [block for block in blocks if not block & each] + [each.union(*meeting)]
    return blocks
