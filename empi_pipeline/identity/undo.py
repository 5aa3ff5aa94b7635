"""Takes changes back, with the old ids."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity.arrangement import CANNOT_LINK, NewDecision, apart, decide, together
from empi_pipeline.identity.arrays import found
from empi_pipeline.identity.contradictions import MUST_LINK
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.holding import held_back
from empi_pipeline.identity.neighbourhood import Neighbourhood, numbers_of, read_persons
from empi_pipeline.identity.person_queries import canonical_person_id
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.standing import AUTOMATIC, Fate, Step, fate, only_automatic_since
from empi_pipeline.identity.stewardship import PATIENCE_SECONDS, Saved, saving
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


def undo(
    connection: Connection,
    change_id: int,
    *,
    actor: str,
    note: str | None = None,
    person_id: str | None = None,
    policy: Policy | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Take a change back: records return to the persons they had, retired ids live again, decisions end or return.

    Where nothing else happened since, persons, memberships, decisions in force and open cases are then exactly those
    before the change. What batches brought since follows its evidence. An automatic change (batch, rematch) is taken
    back as far as it merged or split persons, and decided, so that it does not happen again; its new records stay.

    Args:
        connection: An open connection, not in a transaction.
        change_id: The change.
        actor: Who takes it back.
        note: Why.
        person_id: Only give back what this (now retired) person had.
        policy: What identity goes by.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        NotFoundError: There is no such change.
        InvalidDecisionError: There is nothing in it to take back.
        ConflictError: It was taken back already, or later changes build on it: take those back first.
        IdentityBusyError: Others did not finish writing in time.
    """
    origin = None if person_id is None else canonical_person_id(person_id)
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        kind, taken_back_by = _change(connection, change_id)
        places = _places(connection, change_id, origin)
        said = _said(connection, change_id)
        _refuse_if_built_on(change_id, places, said)
        if origin is not None and not places:
            raise InvalidDecisionError(f"change {change_id} took no record from person {origin}, or they are withdrawn")
        returning = {place.record_id: place.origin(change_id) for place in places if place.returns(change_id)}
        made = [pair.made for pair in said if pair.stands(change_id) and pair.made is not None]
        ended = [pair.ended for pair in said if pair.stands(change_id) and pair.ended is not None]
        if origin is not None and not returning:
            raise ConflictError(f"of change {change_id}, what person {origin} had was taken back already")
        if not (returning or made or ended):
            if places or said or taken_back_by is not None:
                by = "" if taken_back_by is None else f", by change {taken_back_by}"
                raise ConflictError(f"change {change_id} was taken back already{by}")
            raise InvalidDecisionError(f"change {change_id} moved no record and made no decision: nothing to take back")
        mentioned = set(returning) | {record for pair in (*made, *ended) for record in (pair.left, pair.right)}
        reach = save.reach(record_ids=mentioned, person_ids=sorted(set(returning.values())))
        over = {(decision.left, decision.right) for decision in made}
        following = _following(places, change_id, returning)
        reach, after = _returned(connection, reach, returning, following, over)
        if origin is not None:
            made, ended, said_anew = _partly(reach, after, made, ended)
            over, ended = {(decision.left, decision.right) for decision in made}, [*ended, *said_anew]
        if kind in AUTOMATIC:
            ended += _told_apart(after, reach, returning)
        if kind == "rematch":
            ended += _told_together(after, reach, returning)
        verdict = decide(after, ended, over, overrule=False)
        saved = save.write(reach, verdict, kind="undo", undoes=change_id, reopening=_equals(connection, change_id))
        if not (saved.records_moved or saved.decisions_made or saved.decisions_revoked):
            raise ConflictError(
                f"taking change {change_id} back changes nothing any more: evidence joins the same records;"
                " nothing was saved. Split the person to keep them apart"
            )
        return saved


@dataclass(frozen=True, slots=True)
class _Place:
    """The places that a record had; `before` of each step is the person it left, None where it was new."""

    record_id: int
    was_moved: bool
    steps: list[Step[str]]

    def returns(self, change_id: int) -> bool:
        """Whether it goes back where it was; automatic moves since are no obstacle, for they follow the evidence."""
        if not self.was_moved:
            return False
        what, upon = fate(self.steps, change_id)
        return what is Fate.STANDS or (what is Fate.BUILT_ON and not _binding(upon))

    def origin(self, change_id: int) -> str:
        """The person it had before a change that moved it."""
        return next(step.before for step in self.steps if step.change_id == change_id and step.before is not None)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The decisions about a pair of records, and those that the change in question made and ended."""

    made: NewDecision | None
    ended: NewDecision | None
    steps: list[Step[None]]

    def stands(self, change_id: int) -> bool:
        """Whether the last word about the pair is still that of a change."""
        return fate(self.steps, change_id)[0] is Fate.STANDS


def _binding(steps: Iterable[Step[str]] | Iterable[Step[None]]) -> list[int]:
    return [step.change_id for step in steps if step.kind not in AUTOMATIC]


def _change(connection: Connection, change_id: int) -> tuple[str, int | None]:
    row = connection.execute(load("identity/change_one"), {"change_id": change_id}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no change {change_id}")
    kind, _, taken_back_by = row
    if kind == "withdrawal":
        raise InvalidDecisionError(f"change {change_id} withdrew records for good: it cannot be taken back")
    return str(kind), taken_back_by


def _equals(connection: Connection, change_id: int) -> list[int]:
    """The change, and those that made it again: cases that any of them closed may go on."""
    return [row[0] for row in connection.execute(load("identity/undo_equals"), {"change_id": change_id})]


def _places(connection: Connection, change_id: int, person_id: str | None) -> list[_Place]:
    """The records that a change moved, and those that are with them now; withdrawn ones are gone."""
    found_places: dict[int, _Place] = {}
    rows = connection.execute(load("identity/undo_places"), {"change_id": change_id, "person_id": person_id})
    for record_id, was_moved, step_id, kind, undoes, before in rows:
        place = found_places.setdefault(record_id, _Place(record_id, was_moved, []))
        place.steps.append(Step(step_id, kind, undoes, before))
    return list(found_places.values())


def _said(connection: Connection, change_id: int) -> list[_Pair]:
    """What a change decided; pairs with a withdrawn record are no question any more."""
    steps: dict[tuple[int, int], dict[int, Step[None]]] = {}
    made: dict[tuple[int, int], NewDecision] = {}
    ended: dict[tuple[int, int], NewDecision] = {}
    for row in connection.execute(load("identity/undo_decisions"), {"change_id": change_id}):
        left, right, kind, weight, made_in, made_kind, made_undoes, ended_in, ended_kind, ended_undoes = row
        of_pair = steps.setdefault((left, right), {})
        decision = NewDecision(kind, left, right, weight)
        of_pair[made_in] = Step(made_in, made_kind, made_undoes, None)
        if made_in == change_id:
            made[left, right] = decision
        if ended_in is not None:
            of_pair[ended_in] = Step(ended_in, ended_kind, ended_undoes, None)
            if ended_in == change_id:
                ended[left, right] = decision
    return [
        _Pair(made.get(pair), ended.get(pair), [of_pair[step] for step in sorted(of_pair)])
        for pair, of_pair in steps.items()
    ]


def _refuse_if_built_on(change_id: int, places: list[_Place], said: list[_Pair]) -> None:
    moved = {
        later for place in places if place.was_moved for later in _binding(fate(place.steps, change_id)[1])
    }  # fmt: skip
    decided = {later for pair in said for later in _binding(fate(pair.steps, change_id)[1])}
    if moved or decided:
        last = max(moved | decided)
        did = "moved records again" if last in moved else "decided again about records"
        had = "moved" if last in moved else "decided about"
        raise ConflictError(
            f"change {last} {did} that change {change_id} had {had}: take change {last} back first; nothing was saved"
        )


def _following(places: list[_Place], change_id: int, returning: Mapping[int, str]) -> dict[int, str | None]:
    """Records that only evidence brought to where they are since: the person they had before, None for new ones."""
    following = {}
    for place in places:
        if place.record_id not in returning:
            step = only_automatic_since(place.steps, change_id)
            if step is not None:
                following[place.record_id] = step.before
    return following


def _returned(
    connection: Connection,
    reach: Neighbourhood,
    returning: Mapping[int, str],
    following: Mapping[int, str | None],
    ended: set[tuple[int, int]],
) -> tuple[Neighbourhood, Neighbourhood]:
    """The neighbourhood with the old persons known, and with the records back where they came from.

    Records that came later belong to nobody for the moment: evidence says whom they follow.
    """
    if not returning:
        return reach, reach
    wanted = {*returning.values(), *(origin for origin in following.values() if origin is not None)}
    unknown = sorted(wanted - set(reach.persons.person_id.to_pylist()))
    if unknown:
        reach = replace(reach, persons=reach.persons.and_also(read_persons(connection, unknown)))
    now = reach.evidence.person
    then = now.copy()
    for origins in (following, returning):
        place, here = found(reach.record_ids, np.array(list(origins), np.int64))
        numbers = numbers_of(reach.persons, pa.array(list(origins.values()), pa.string()))
        then[place[here]] = numbers[here]
    # Records follow the evidence only as far as must-links that stay in force let them.
    follows = np.isin(reach.record_ids, np.fromiter(following, np.int64))
    record_ids, must = reach.record_ids, reach.evidence.must
    stays = [pair not in ended for pair in zip(*record_ids[must].tolist(), strict=True)]
    then = held_back(then, now, follows, must[:, np.array(stays, bool)])
    return reach, replace(reach, evidence=replace(reach.evidence, person=then))


def _partly(
    reach: Neighbourhood, after: Neighbourhood, made: list[NewDecision], ended: list[NewDecision]
) -> tuple[list[NewDecision], list[NewDecision], list[NewDecision]]:
    """Of the decisions of a change that is taken back for one person only: which end, which return, which are new.

    What no longer fits ends, what fits again returns; the records that stay where the change put them are still said
    to be one human.
    """
    person = after.evidence.person

    def fits(decision: NewDecision) -> bool:
        (one, other), _ = found(after.record_ids, np.array([decision.left, decision.right], np.int64))
        return bool(person[one] == person[other]) == (decision.kind == MUST_LINK)

    over = [decision for decision in made if not fits(decision)]
    stay = {record for decision in made if decision.kind == MUST_LINK for record in (decision.left, decision.right)}
    place, _ = found(after.record_ids, np.array(sorted(stay), np.int64))
    staying = place[person[place] == reach.evidence.person[place]]
    said_anew = [
        decision
        for number in np.unique(person[staying]).tolist()
        for decision in together(after.record_ids[staying[person[staying] == number]].tolist())
    ]
    return over, [decision for decision in ended if fits(decision)], said_anew if over else []


def _told_apart(after: Neighbourhood, before: Neighbourhood, returning: Mapping[int, str]) -> list[NewDecision]:
    """Cannot-links between the persons that an automatic change had made one."""
    decisions: list[NewDecision] = []
    now, then = after.evidence.person, before.evidence.person
    returned = np.isin(after.record_ids, list(returning))
    for person in np.unique(then[returned]).tolist():
        # Who only follows the evidence may follow it to either of them.
        members = np.flatnonzero((then == person) & (returned | (now == then)))
        sets = [
            frozenset(after.record_ids[members[now[members] == number]].tolist()) for number in np.unique(now[members])
        ]
        decisions += apart(after, sets)
    return [decision for decision in decisions if decision.kind == CANNOT_LINK]


def _told_together(after: Neighbourhood, before: Neighbourhood, returning: Mapping[int, str]) -> list[NewDecision]:
    """Must-links within the persons that an automatic change had taken apart."""
    decisions: list[NewDecision] = []
    now, then = after.evidence.person, before.evidence.person
    for person in np.unique(now[np.isin(after.record_ids, list(returning))]).tolist():
        members = np.flatnonzero(now == person)
        if len(np.unique(then[members])) > 1:
            decisions += together(after.record_ids[members].tolist())
    return decisions
