"""A steward's word on persons, whole sets of records at a time: partition, merge, split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.arrangement import (
    CANNOT_LINK,
    NewDecision,
    Wish,
    apart,
    apart_between,
    arranged,
    decide,
    records_of,
    survivor,
    together,
    weights_of,
)
from empi_pipeline.identity.arrays import found
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.neighbourhood import Neighbourhood
from empi_pipeline.identity.person_queries import canonical_person_id
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import (
    PATIENCE_SECONDS,
    OpenCase,
    Saved,
    check_persons,
    open_case,
    persons_of_pairs,
    saving,
)
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class PersonUpdate:
    """The complete set of records that a person shall own from now on.

    Attributes:
        person_id: The person; None for a new one.
        version: The version of the person one looked at; None for a new one.
        record_ids: Its records; none retires an existing person.
    """

    person_id: str | None
    version: int | None
    record_ids: frozenset[int]


def partition(
    connection: Connection,
    updates: Sequence[PersonUpdate],
    *,
    actor: str,
    note: str | None = None,
    case_id: int | None = None,
    case_version: int | None = None,
    policy: Policy | None = None,
    overrule: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """State who owns which records, in one save.

    The records of each set are one human, and those of different sets are different humans. Persons of the case that
    are not listed keep their records, and are different humans from all others of the case; no updates at all say
    that everything of the case is right as it is.

    Args:
        connection: An open connection, not in a transaction.
        updates: Complete sets of records for some persons, existing and new.
        actor: Who decides.
        note: Why.
        case_id: The review case this answers; then only its persons may be listed. None for any persons.
        case_version: The version of the case one looked at.
        policy: What identity goes by.
        overrule: Take back decisions in force that say otherwise.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        InvalidDecisionError: The updates do not fit together.
        ConflictError: The case or a person changed since; nothing was written.
        ContradictionError: Decisions in force say otherwise.
        IdentityBusyError: Others did not finish writing in time.
    """
    _check_form(updates)
    updates = [_canonical(update) for update in updates]
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        case = None if case_id is None else open_case(connection, case_id, case_version, None)
        listed = {update.person_id: update.version for update in updates if update.person_id is not None}
        if case is None:
            check_persons(connection, listed)
        stated = {record for update in updates for record in update.record_ids}
        reach = save.reach(record_ids=case.record_ids if case else (), person_ids=list(listed))
        _check_records(reach, listed, stated, case)
        if case is not None:  # Whether they are of the case at all is told first.
            check_persons(connection, listed)
        number = {person_id: place for place, person_id in enumerate(reach.persons.person_id.to_pylist())}
        wishes = [
            Wish(None if update.person_id is None else number[update.person_id], update.record_ids)
            for update in updates
            if update.record_ids
        ]
        decisions = [decision for wish in wishes for decision in together(wish.record_ids)]
        decisions += apart(reach, [wish.record_ids for wish in wishes])
        after = arranged(reach, wishes)
        if case is not None:
            left, right = persons_of_pairs(after, case)
            weights = weights_of(reach)
            decisions += [
                NewDecision(CANNOT_LINK, *pair, weights.get(pair))
                for pair, one, other in zip(case.pairs, left.tolist(), right.tolist(), strict=True)
                if one != other
            ]
            kept = _persons_of_case(after, case)
            # What the steward saw and left alone, though nobody listed it: an overlay that is none.
            decisions += [
                decision
                for pair, one, other in zip(case.pairs, left.tolist(), right.tolist(), strict=True)
                if one == other and not set(pair) <= stated
                for decision in together(records_of(after, np.array([one])))
            ]
            decisions += apart_between(after, {(one, other) for one in kept for other in kept if one < other})
        verdict = decide(after, decisions, overrule=overrule)
        return save.write(reach, verdict, case=case, stated=listed)


def merge(
    connection: Connection,
    persons: Sequence[tuple[str, int]],
    *,
    actor: str,
    note: str | None = None,
    policy: Policy | None = None,
    overrule: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Say that persons are one human.

    The one with most records survives, then the oldest, then the lowest id.

    Args:
        connection: An open connection, not in a transaction.
        persons: (person_id, version) of the persons one looked at; two at least.
        actor: Who decides.
        note: Why.
        policy: What identity goes by.
        overrule: Take back decisions in force that say otherwise.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        As `partition`.
    """
    listed = {canonical_person_id(person_id): version for person_id, version in persons}
    if len(listed) < 2:
        raise InvalidDecisionError("a merge needs two different persons at least")
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        check_persons(connection, listed)
        reach = save.reach(person_ids=list(listed))
        numbers = np.flatnonzero(np.isin(np.array(reach.persons.person_id.to_pylist(), object), list(listed)))
        records = records_of(reach, numbers)
        verdict = decide(
            arranged(reach, [Wish(survivor(reach, numbers), records)]), together(records), overrule=overrule
        )
        return save.write(reach, verdict)


def split(
    connection: Connection,
    person_id: str,
    version: int,
    groups: Sequence[frozenset[int]],
    *,
    actor: str,
    note: str | None = None,
    policy: Policy | None = None,
    overrule: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Say that a person is several humans: each group of records becomes a new person, the rest stays.

    Args:
        connection: An open connection, not in a transaction.
        person_id: The person.
        version: The version of it one looked at.
        groups: Record ids of each person that comes out of it.
        actor: Who decides.
        note: Why.
        policy: What identity goes by.
        overrule: Take back decisions in force that say otherwise.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        As `partition`.
    """
    canonical = canonical_person_id(person_id)
    with connection.transaction():
        check_persons(connection, {canonical: version})
        rows = connection.execute(load("identity/records_of_persons"), {"person_ids": [canonical]}).fetchall()
    owned = {record_id for _, record_id in rows}
    foreign = sorted(frozenset[int]().union(*groups) - owned)
    if foreign:
        raise InvalidDecisionError(f"record(s) {', '.join(map(str, foreign))} are not of person {canonical}")
    rest = frozenset(owned).difference(*groups)
    if not rest:
        raise InvalidDecisionError("a split must leave the person at least one of its records")
    updates = [PersonUpdate(canonical, version, rest), *(PersonUpdate(None, None, group) for group in groups)]
    return partition(
        connection, updates, actor=actor, note=note, policy=policy, overrule=overrule, patience_seconds=patience_seconds
    )


def _canonical(update: PersonUpdate) -> PersonUpdate:
    if update.person_id is None:
        return update
    return PersonUpdate(canonical_person_id(update.person_id), update.version, update.record_ids)


def _check_form(updates: Sequence[PersonUpdate]) -> None:
    """What is wrong with updates by themselves; the wording is what clients of the reference system know."""
    owner: dict[int, str] = {}
    known: set[str] = set()
    for index, update in enumerate(updates):
        if update.person_id is not None:
            if update.version is None:
                raise InvalidDecisionError("A PersonUpdate for an existing Person should specify a version")
            if update.person_id in known:
                raise InvalidDecisionError("The same Person UUID cannot exist in more than one PersonUpdate")
            known.add(update.person_id)
        elif update.version is not None:
            raise InvalidDecisionError("A PersonUpdate for a new Person should not specify a version")
        elif not update.record_ids:
            raise InvalidDecisionError("A PersonUpdate for a new Person should have 1 or more new_record_ids")
        name = update.person_id or f"index {index}"
        for record_id in update.record_ids:
            if record_id in owner:
                raise InvalidDecisionError(
                    "A PersonRecord ID cannot exist in more than PersonUpdate. PersonRecord"
                    f" {record_id} exists in updates for Person {owner[record_id]} and Person {name}."
                )
            owner[record_id] = name


def _check_records(
    reach: Neighbourhood, listed: dict[str, int | None], stated: set[int], case: OpenCase | None
) -> None:
    """Whether the updates hand out exactly the records of the persons they list."""
    place, known = found(reach.record_ids, np.array(sorted(stated), np.int64))
    person_ids = reach.persons.person_id.to_pylist()
    if case is not None:
        about = {person_ids[number] for number in _persons_of_case(reach, case)}
        if not set(listed) <= about:
            raise InvalidDecisionError("Specified Person UUID must be related to PotentialMatch")
        owners = {person_ids[number] for number in reach.evidence.person[place[known]].tolist()}
        if not known.all() or not owners <= about:
            raise InvalidDecisionError(
                "PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch"
            )
    elif not known.all():
        raise NotFoundError("some of these records are not in the index, or belong to persons that are not listed")
    numbers = np.array([person_ids.index(person_id) for person_id in listed], np.int64)
    owned = records_of(reach, numbers)
    if not owned <= stated:
        raise InvalidDecisionError("PersonRecord IDs that are removed from a Person, must be added to another Person")
    if not stated <= owned:
        raise InvalidDecisionError("PersonRecord IDs that are added to a Person, must be removed from another Person")


def _persons_of_case(reach: Neighbourhood, case: OpenCase) -> list[int]:
    """Numbers of the persons that a case asks about."""
    left, right = persons_of_pairs(reach, case)
    return sorted({*left.tolist(), *right.tolist()})
