"""What one sees of an index from outside, and what must hold: of one state by itself, and from one to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import TupleRow

from empi_pipeline.postgres import Connection

_PLACING = ("record_assigned", "record_moved", "record_withdrawn")


@dataclass(frozen=True)
class Person:
    version: int
    record_count: int
    created: int
    retired: int | None
    merged_into: str | None


@dataclass(frozen=True)
class Decision:
    kind: str
    pair: tuple[int, int]
    change_id: int
    revoked: int | None


@dataclass(frozen=True)
class Case:
    kind: str
    status: str
    version: int
    superseded_by: int | None
    figures: tuple[Any, ...]
    reasons: frozenset[tuple[int, int, str]]

    @property
    def pairs(self) -> frozenset[tuple[int, int]]:
        return frozenset((left, right) for left, right, _ in self.reasons)


@dataclass(frozen=True)
class State:
    """The ledger and what it led to, at one moment."""

    at: datetime
    changes: list[TupleRow]
    events: list[TupleRow]
    members: dict[int, str]
    persons: dict[str, Person]
    decisions: dict[int, Decision]
    cases: dict[int, Case]

    def same_as(self, other: "State") -> bool:
        """Whether nothing happened in between."""
        mine, theirs = vars(self).copy(), vars(other).copy()
        del mine["at"], theirs["at"]
        return mine == theirs

    def records_of(self, person_id: str) -> frozenset[int]:
        return frozenset(record for record, owner in self.members.items() if owner == person_id)

    def in_force(self) -> dict[tuple[int, int], str]:
        return {each.pair: each.kind for each in self.decisions.values() if each.revoked is None}

    def open_cases(self) -> dict[int, Case]:
        return {case_id: case for case_id, case in self.cases.items() if case.status == "open"}

    def persons_of(self, case: Case) -> set[str]:
        return {self.members[record] for pair in case.pairs for record in pair if record in self.members}


def observe(connection: Connection) -> State:
    """Everything about identities, in one snapshot."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")

        def rows(query: str) -> list[TupleRow]:
            return connection.execute(query).fetchall()

        pairs: dict[int, set[tuple[int, int, str]]] = {}
        asked = rows("select case_id, record_id_l, record_id_r, coalesce(reason, '') from identity.case_pairs")
        for case_id, left, right, reason in asked:
            pairs.setdefault(case_id, set()).add((left, right, reason))
        return State(
            at=rows("select clock_timestamp()")[0][0],
            changes=rows(
                "select change_id, kind, batch_id, at, encode(digest, 'hex') from identity.changes order by 1"
            ),
            events=rows(
                "select change_id, event_no, kind, record_id, person_id::text, other_person_id::text"
                " from identity.events order by 1, 2"
            ),
            members=dict(rows("select record_id, person_id::text from identity.membership")),
            persons={
                row[0]: Person(*row[1:])
                for row in rows(
                    "select person_id::text, version, record_count, created_change_id, retired_change_id,"
                    " merged_into::text from identity.persons"
                )
            },
            decisions={
                row[0]: Decision(row[1], (row[2], row[3]), *row[4:])
                for row in rows(
                    "select decision_id, kind, record_id_l, record_id_r, change_id, revoked_change_id"
                    " from identity.decisions"
                )
            },
            cases={
                row[0]: Case(*row[1:5], row[5:], frozenset(pairs.get(row[0], ())))
                for row in rows(
                    "select case_id, kind, status, version, superseded_by, reason, priority, max_match_probability,"
                    " person_count, record_count from identity.review_cases"
                )
            },
        )


def wrong_in(state: State) -> Iterator[str]:
    """What must not be in any state; an independent reading of the invariants, without SQL."""
    yield from _wrong_fold(state)
    for person_id, person in state.persons.items():
        if person.record_count != len(state.records_of(person_id)):
            yield f"{person_id} counts {person.record_count} records"
        if (person.retired is None) != (person.record_count > 0):
            yield f"{person_id} is retired with records, or lives without"
        seen, here = set(), person_id
        while state.persons[here].merged_into is not None:
            seen.add(here)
            here = state.persons[here].merged_into or ""
            if here in seen or here not in state.persons:
                yield f"{person_id} resolves to nothing"
                break
    together: dict[int, int] = {}

    def group(record: int) -> int:
        while together.get(record, record) != record:
            record = together[record]
        return record

    for pair, kind in state.in_force().items():
        if kind == "must_link":
            together[group(pair[0])] = group(pair[1])
    for pair, kind in state.in_force().items():
        if not set(pair) <= state.members.keys():
            yield f"a decision about {pair} is in force, whose records are not in the index"
            continue
        if (state.members[pair[0]] == state.members[pair[1]]) != (kind == "must_link"):
            yield f"{kind} {pair} is broken"
        if kind == "cannot_link" and group(pair[0]) == group(pair[1]):
            yield f"decisions contradict each other at {pair}"
    for case_id, case in state.open_cases().items():
        if not case.pairs:
            yield f"case {case_id} asks nothing"
        if not {record for pair in case.pairs for record in pair} <= state.members.keys():
            yield f"case {case_id} asks about records that are not in the index"


def _wrong_fold(state: State) -> Iterator[str]:
    members: dict[int, str] = {}
    known = {row[0] for row in state.changes}
    for change_id, event_no, kind, record, person_id, other in state.events:
        place = f"event {change_id}/{event_no}"
        if change_id not in known:
            yield f"{place} has no change"
        if person_id not in state.persons or (other is not None and other not in state.persons):
            yield f"{place} is about nobody"
        if kind in _PLACING:
            expected = {"record_assigned": None, "record_moved": other, "record_withdrawn": person_id}[kind]
            if members.get(record) != expected:
                yield f"{place}: record {record} was with {members.get(record)}, not {expected}"
            if kind == "record_withdrawn":
                members.pop(record, None)
            else:
                members[record] = person_id
    if members != state.members:
        yield "the fold of the events is not the membership"


def wrong_between(before: State, after: State, reached: set[int] | None) -> Iterator[str]:
    """What one step must not do.

    Args:
        before: The state before.
        after: The state after.
        reached: Records that the step may reach; None for all.
    """
    for what in ("changes", "events"):
        if getattr(after, what)[: len(getattr(before, what))] != getattr(before, what):
            yield f"earlier {what} are not what they were"
    if len(after.changes) > len(before.changes) + 1:
        yield "one step is several changes"
    for person_id, person in before.persons.items():
        if person_id not in after.persons or after.persons[person_id].created != person.created:
            yield f"the id {person_id} is gone or was given again"
    for number, decision in before.decisions.items():
        now = after.decisions.get(number)
        if now is None or (now.kind, now.pair) != (decision.kind, decision.pair):
            yield f"decision {number} is not what it was"
        elif decision.revoked is not None and now.revoked != decision.revoked:
            yield f"decision {number} was ended twice"
    yield from _wrong_versions(before, after)
    if reached is not None:
        yield from _touched_out_of_reach(before, after, reached)


def _wrong_versions(before: State, after: State) -> Iterator[str]:
    """A person's or case's version goes up exactly when it changes."""
    for person_id, person in before.persons.items():
        now = after.persons[person_id]
        same = before.records_of(person_id) == after.records_of(person_id)
        if not same and now.version <= person.version:
            yield f"{person_id} changed and its version did not"
    for case_id, case in before.cases.items():
        now_case = after.cases.get(case_id)
        if now_case is None:
            yield f"case {case_id} is gone"
        elif case.status == now_case.status == "open":
            about = {p: before.records_of(p) for p in before.persons_of(case)}
            about_now = {p: after.records_of(p) for p in after.persons_of(now_case)}
            same = case.reasons == now_case.reasons and about == about_now
            if same != (case.version == now_case.version):
                yield f"case {case_id} went from version {case.version} to {now_case.version}, and changed: {not same}"
        elif case != now_case and now_case.version <= case.version:
            yield f"case {case_id} changed and its version did not"


def _touched_out_of_reach(before: State, after: State, reached: set[int]) -> Iterator[str]:
    persons = {state.members[record] for state in (before, after) for record in reached & state.members.keys()}
    for person_id, person in before.persons.items():
        if person_id not in persons and after.persons[person_id] != person and before.records_of(person_id):
            yield f"{person_id} is out of reach and changed"
    for record, person_id in before.members.items():
        if record not in reached and after.members.get(record) != person_id:
            yield f"record {record} is out of reach and moved"
    near = {
        case_id
        for state in (before, after)
        for case_id, case in state.cases.items()
        if {record for pair in case.pairs for record in pair} & reached or state.persons_of(case) & persons
    }
    for case_id, case in before.cases.items():
        now = after.cases[case_id]
        # A question may connect two cases, one of which then speaks for both.
        if now != case and not near & {case_id, now.superseded_by}:
            yield f"case {case_id} is out of reach and changed"


def reach(roots: set[int], edges: Mapping[int, set[int]]) -> set[int]:
    """Records that evidence connects with some records."""
    found, front = set(roots), list(roots)
    while front:
        for record in edges.get(front.pop(), set()) - found:
            found.add(record)
            front.append(record)
    return found
