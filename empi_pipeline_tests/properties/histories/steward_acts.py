"""What stewards do to an index, chosen at random: answers, rearrangements, and taking back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from empi_pipeline.identity import decisions
from empi_pipeline.identity.decisions import PersonUpdate, confirm, partition, reject
from empi_pipeline.identity.reports import Report, report
from empi_pipeline.identity.undo import undo
from empi_pipeline_tests.properties.histories.observed import State

if TYPE_CHECKING:
    from empi_pipeline_tests.properties.histories.life import Life
from empi_pipeline_tests.properties.histories.act import Act


def _some_case(life: "Life") -> tuple[int, Any] | None:
    cases = life.state.open_cases()
    return (number := life.random.choice(sorted(cases)), cases[number]) if cases else None


def answer(life: "Life") -> Act | None:
    chosen = _some_case(life)
    if chosen is None:
        return None
    number, case = chosen
    act, policy = life.random.choice([confirm, reject, reject]), life.world.policy
    version = case.version - (life.random.random() < 0.05)
    pairs = sorted(case.pairs)
    some = life.random.sample(pairs, life.random.randint(1, len(pairs))) if life.random.random() < 0.4 else None
    overrule = life.random.random() < 0.3

    def then(before: State, after: State, _result: Any) -> Iterator[str]:
        kind = "must_link" if act is confirm else "cannot_link"
        if not {(pair, kind) for pair in some or pairs} <= set(after.in_force().items()):
            yield "what was decided is not in force"
        asked = after.cases[number].pairs if after.cases[number].status == "open" else frozenset()
        if asked & set(some or pairs) and before.cases[number].kind != "conflict":
            yield "a pair that was answered is still asked"

    return Act(
        f"{act.__name__} case {number} ({case.kind}), pairs {some or 'all'}{', overruling' if overrule else ''}",
        lambda c: act(c, number, version, actor="s", pairs=some, policy=policy, overrule=overrule),
        life.about(case), then,
    )  # fmt: skip


def _live_persons(life: "Life") -> list[tuple[str, int]]:
    return sorted((p, each.version) for p, each in life.state.persons.items() if each.retired is None)


def arrange(life: "Life") -> Act | None:
    """Any records of a case or of some persons are handed out anew."""
    chosen = _some_case(life) if life.random.random() < 0.6 else None
    if chosen:
        persons = sorted(life.state.persons_of(chosen[1]))
    else:
        live = [person_id for person_id, _ in _live_persons(life)]
        persons = life.random.sample(live, min(len(live), life.random.randint(1, 3)))
    if not persons:
        return None
    if chosen and life.random.random() < 0.3:
        persons = life.random.sample(persons, life.random.randint(0, len(persons)))
    records = sorted(record for each in persons for record in life.state.records_of(each))
    places: list[set[int]] = [set() for _ in range(len(persons) + life.random.randint(0, 2))]
    for record in records:
        stay = persons.index(life.state.members[record])
        life.random.choice([places[stay], life.random.choice(places)]).add(record)
    updates = [
        PersonUpdate(each, life.state.persons[each].version, frozenset(places[number]))
        for number, each in enumerate(persons)
    ]
    updates += [PersonUpdate(None, None, frozenset(place)) for place in places[len(persons) :] if place]
    overrule, policy = life.random.random() < 0.5, life.world.policy
    number, case = chosen or (None, None)
    version = case.version if case else None

    def then(_before: State, after: State, _result: Any) -> Iterator[str]:
        for update in updates:
            owners = {after.members[record] for record in update.record_ids}
            if len(owners) > 1:
                yield "records are not where the steward put them"
        owners = [{after.members[r] for r in update.record_ids} for update in updates if update.record_ids]
        if len(set().union(*owners)) < len(owners):
            yield "sets that a steward told apart are one person"

    return Act(
        f"partition {[sorted(each.record_ids) for each in updates]} of case {number}",
        lambda c: partition(
            c, updates, actor="s", case_id=number, case_version=version, policy=policy, overrule=overrule
        ),
        set(records) | (life.about(case) if case else set()), then,
    )  # fmt: skip


def merge(life: "Life") -> Act | None:
    live = _live_persons(life)
    if len(live) < 2:
        return None
    chosen = life.random.sample(live, life.random.randint(2, min(3, len(live))))
    overrule, policy = life.random.random() < 0.5, life.world.policy
    records = {record for record, owner in life.state.members.items() if owner in dict(chosen)}

    def then(_before: State, after: State, _result: Any) -> Iterator[str]:
        if len({after.members[record] for record in records}) != 1:
            yield "merged records are not one person"

    return Act(
        f"merge of {len(chosen)} persons, records {sorted(records)}",
        lambda c: decisions.merge(c, chosen, actor="s", policy=policy, overrule=overrule),
        records, then,
    )  # fmt: skip


def split(life: "Life") -> Act | None:
    several = [(p, v) for p, v in _live_persons(life) if life.state.persons[p].record_count > 1]
    if not several:
        return None
    person_id, version = life.random.choice(several)
    records = sorted(life.state.records_of(person_id))
    group = frozenset(life.random.sample(records, life.random.randint(1, len(records) - 1)))
    overrule, policy = life.random.random() < 0.5, life.world.policy

    def then(_before: State, after: State, _result: Any) -> Iterator[str]:
        # Evidence that was held back before may join either part with somebody else; never with each other.
        parts = [{after.members[record] for record in part} for part in (group, set(records) - group)]
        if sorted(map(len, parts)) != [1, 1] or parts[0] == parts[1]:
            yield "a split person did not come apart in two"

    return Act(
        f"split of {sorted(group)} from {records}",
        lambda c: decisions.split(c, person_id, version, [group], actor="s", policy=policy, overrule=overrule),
        set(records), then,
    )  # fmt: skip


def say(life: "Life") -> Act | None:
    """Somebody reports what the index has otherwise (mostly), and decides nothing."""
    members = life.state.members
    if len(members) < 2:
        return None
    reports = []
    for _ in range(life.random.randint(1, 2)):
        left, right = sorted(life.random.sample(sorted(members), 2))
        agrees = life.random.random() < 0.2
        reports.append(Report(left, right, "same" if (members[left] == members[right]) == agrees else "different"))
    policy = life.world.policy

    def then(before: State, after: State, _result: Any) -> Iterator[str]:
        if (before.members, before.in_force()) != (after.members, after.in_force()):
            yield "a report moved records or decided something"
        asked = {pair for case in after.open_cases().values() for pair in case.pairs}
        for each in reports:
            pair = (each.record_id_l, each.record_id_r)
            together = members[pair[0]] == members[pair[1]]
            if not after.in_force() and (each.says == "same") != together and pair not in asked:
                yield "a report that the index contradicts is not asked about"

    return Act(
        f"reports {[(each.record_id_l, each.says, each.record_id_r) for each in reports]}",
        lambda c: report(c, reports, actor="s", policy=policy),
        {record for each in reports for record in (each.record_id_l, each.record_id_r)}, then,
    )  # fmt: skip


def take_back(life: "Life") -> Act | None:
    if not life.state.changes:
        return None
    last = len(life.state.changes)
    change = max(1, last - min(int(life.random.expovariate(1)), 4))
    moved = {row[3] for row in life.state.events if row[0] == change and row[3] is not None}
    roots = moved | {r for d in life.state.decisions.values() if change in (d.change_id, d.revoked) for r in d.pair}
    kind, policy = life.state.changes[change - 1][1], life.world.policy

    def then(before: State, after: State, _result: Any) -> Iterator[str]:
        was = life.after_change[change - 1]
        old = was.members.keys() - life.gone
        then_there, now = {r: was.members[r] for r in old}, {r: after.members[r] for r in old}
        if change == last and kind in {"decision", "undo"} and now != then_there:
            yield "taken back at once, records are not where they were"
        if change == last and kind in {"batch", "rematch"}:
            # The evidence stays, and may now join with others what was held back by the company it was in.
            parts: dict[str, set[str]] = {}
            for record, person_id in then_there.items():
                parts.setdefault(person_id, set()).add(now[record])
            merged = {before.members[r] for r in old}
            apart = all(
                len({now[r] for r in old if before.members[r] == each})
                == len({then_there[r] for r in old if before.members[r] == each})
                for each in merged
            )
            if not apart or any(len(each) > 1 for each in parts.values()):
                yield "taken back at once, persons are not apart as they were"
        if change == last and kind in {"decision", "undo"} and after.in_force() != was.in_force():
            yield "taken back at once, decisions are not what they were"
        if change == last and kind == "decision":
            asked = {number: case.pairs for number, case in was.open_cases().items()}
            if {number: case.pairs for number, case in after.open_cases().items()} != asked:
                yield "taken back at once, cases are not what they were"

    return Act(f"undo of change {change} ({kind})", lambda c: undo(c, change, actor="s", policy=policy), roots, then)
