"""Who is to own which record, as a form says it: each record carries the number of its person. Pure.

Persons are numbered 1, 2, ... as the page shows them; a number that is none of theirs is a new person. So moving a
record is writing a number, whether by key, by dragging, or without any script.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.queries import Person
from empi_pipeline.identity.rearrangements import PersonUpdate

_RECORD: Final = re.compile(r"to-(\d{1,18})")
_PERSON: Final = re.compile(r"person-(\d{1,4})")
_ALL: Final = re.compile(r"all-(\d{1,4})")
_NUMBER: Final = re.compile(r"\d{1,4}")

MOST_SHOWN: Final = 400
"""Records on one page; a person of thousands is told by its first."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered about the persons that a page showed.

    Attributes:
        to: Record id -> number of the person it is to belong to.
        persons: Number -> (person_id, version), as the page showed them.
    """

    to: Mapping[int, int]
    persons: Mapping[int, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A record on the page: the number of its person, and of the person it is to belong to."""

    record_id: int
    is_of: int
    to: int

    @property
    def is_moved(self) -> bool:
        """Whether it is to belong to another person than now."""
        return self.is_of != self.to


def entered(form: Mapping[str, str]) -> Entered:
    """What a form says; what is not a number is left out, as if nobody had touched it.

    `to-12` says where record 12 belongs, `all-3` where all go that belong to person 3, and `person-3` who that is.
    """
    to: dict[int, int] = {}
    whole: dict[int, int] = {}
    persons: dict[int, tuple[str, int]] = {}
    for name, value in form.items():
        if found := _RECORD.fullmatch(name):
            if _NUMBER.fullmatch(value.strip()) and int(value):
                to[int(found[1])] = int(value)
        elif found := _ALL.fullmatch(name):
            if _NUMBER.fullmatch(value.strip()) and int(value):
                whole[int(found[1])] = int(value)
        elif found := _PERSON.fullmatch(name):
            person_id, _, version = value.rpartition("@")
            if _NUMBER.fullmatch(version):
                persons[int(found[1])] = (person_id, int(version))
    return Entered({record: whole.get(number, number) for record, number in to.items()}, persons)


def placed(persons: Sequence[Person], said: Entered) -> list[Placed]:
    """Every record of the persons as they are now, with what was entered for it as far as it still means something.

    Numbers mean the person they meant when the page was made: they are translated where persons came or went since.
    """
    number_of = {person.person_id: number for number, person in enumerate(persons, 1)}
    meant: dict[int, int] = {}
    for number, (person_id, _) in said.persons.items():
        if person_id in number_of:
            meant[number] = number_of[person_id]
    free = len(persons) + 1
    for number in sorted({*said.to.values()} - set(meant)):
        meant[number] = free
        free += 1
    return [
        Placed(record.record_id, number, meant[said.to[record.record_id]] if record.record_id in said.to else number)
        for number, person in enumerate(persons, 1)
        for record in person.records
    ]


def updates_of(persons: Sequence[Person], said: Entered) -> list[PersonUpdate]:
    """The complete sets of records of all persons that gain or lose one, existing and new; none where nothing moves.

    Args:
        persons: As they are now.
        said: What was entered, with the versions that were looked at: whoever saves compares them.

    Raises:
        InvalidDecisionError: It is about persons that were not shown.
    """
    places = placed(persons, said)
    touched = {number for place in places if place.is_moved for number in (place.is_of, place.to)}
    seen = dict(said.persons.values())
    updates = []
    for number in sorted(touched):
        records = frozenset(place.record_id for place in places if place.to == number)
        if number > len(persons):
            updates.append(PersonUpdate(None, None, records))
            continue
        person = persons[number - 1]
        if person.person_id not in seen:
            raise InvalidDecisionError("a record was moved to or from a person that the page did not show: look again")
        updates.append(PersonUpdate(person.person_id, seen[person.person_id], records))
    return updates


def changed_since(persons: Sequence[Person], said: Entered, most: int = MOST_SHOWN) -> list[str]:
    """What is not any more as the page showed it, in words without values of records; it showed `most` records."""
    if not said.persons:
        return []
    now = {person.person_id: person for person in persons}
    told = []
    for number, (person_id, version) in sorted(said.persons.items()):
        person = now.get(person_id)
        if person is None:
            told.append(f"person {number} of then ({person_id[:8]}) is not part of this any more")
        elif person.version != version:
            told.append(f"person {person_id[:8]} has changed (version {person.version}, not {version})")
    told += [
        f"person {person.person_id[:8]} has come in"
        for person in persons
        if person.person_id not in {person_id for person_id, _ in said.persons.values()}
    ]
    records = [record.record_id for person in persons for record in person.records]
    new = [record_id for record_id in records[:most] if said.to and record_id not in said.to]
    if new:
        told.append(f"new here: record{'s' if len(new) > 1 else ''} {', '.join(map(str, new[:12]))}")
    return told
