"""What stewards type, as the identity room takes it: record ids, pairs, and groups that say who owns what."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.identity.decisions import PersonUpdate
    from empi_pipeline.identity.queries import Person


def record_ids(option: str, text: str) -> frozenset[int]:
    """`11,12` -> {11, 12}.

    Raises:
        ConfigurationError: It is not like that, or a record stands there twice.
    """
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise ConfigurationError(f"{option} {text}: write record ids with commas between, such as 11,12")
    ids = frozenset(map(int, parts))
    if len(ids) < len(parts):
        raise ConfigurationError(f"{option} {text}: names a record twice")
    return ids


def record_pair(text: str) -> tuple[int, int]:
    """`11-12` -> (11, 12).

    Raises:
        ConfigurationError: It is not like that.
    """
    left, _, right = text.partition("-")
    if not (left.isdecimal() and right.isdecimal()) or int(left) == int(right):
        raise ConfigurationError(f"--pair {text}: write two record ids, such as 11-12")
    return int(left), int(right)


def looked_at(text: str) -> tuple[str, int]:
    """`PERSON@VERSION` -> person_id and version.

    Raises:
        ConfigurationError: It is not like that.
    """
    person_id, _, version = text.rpartition("@")
    if not person_id or not version.isdecimal():
        raise ConfigurationError(f"{text}: write PERSON@VERSION, as `empi person show` and `empi review show` print it")
    return person_id, int(version)


def updates_of(persons: Sequence["Person"], groups: Sequence[frozenset[int]]) -> "list[PersonUpdate]":
    """Who owns what when records are put into groups: an id stays where most of its records are.

    Persons that no group takes a record from are left out. The groups must hold all records of the others, so that
    none goes along by mistake.

    Args:
        persons: Of the case, as one looked at them.
        groups: Record ids; one human each.

    Raises:
        ConfigurationError: A record is in two groups, of no person of the case, or left out.
    """
    from empi_pipeline.identity.decisions import PersonUpdate

    named = frozenset[int]().union(*groups)
    if len(named) < sum(map(len, groups)):
        raise ConfigurationError("a record can be in one --group only")
    records_of = {person.person_id: frozenset(record.record_id for record in person.records) for person in persons}
    version_of = {person.person_id: person.version for person in persons}
    taken = [person_id for person_id, records in records_of.items() if records & named]
    known = frozenset[int]().union(*(records_of[person_id] for person_id in taken))
    if named - known:
        raise ConfigurationError(f"record(s) {_shown(named - known)} belong to no person of this case")
    if known - named:
        raise ConfigurationError(
            f"say where record(s) {_shown(known - named)} belong too: they are of persons that a --group takes from"
        )
    overlaps = sorted(
        (-len(records_of[person_id] & group), -len(records_of[person_id]), person_id, number)
        for person_id in taken
        for number, group in enumerate(groups)
        if records_of[person_id] & group
    )
    owner: dict[int, str] = {}
    for _, _, person_id, number in overlaps:
        if number not in owner and person_id not in owner.values():
            owner[number] = person_id
    updates = [
        PersonUpdate(owner[number], version_of[owner[number]], group)
        if number in owner
        else PersonUpdate(None, None, group)
        for number, group in enumerate(groups)
    ]
    emptied = [person_id for person_id in taken if person_id not in owner.values()]
    return updates + [PersonUpdate(person_id, version_of[person_id], frozenset()) for person_id in emptied]


def _shown(ids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ids)))
