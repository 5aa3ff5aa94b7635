"""What a user who is limited to some data sources sees of persons: the records of these, and that there are more."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from empi_pipeline.api.access import STEWARD, User
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.queries import DecisionInForce, Person


def seen_by(user: User, persons: Sequence[Person]) -> tuple[tuple[Person, ...], int]:
    """The persons with the records he may see, and how many records are withheld.

    Raises:
        NotFoundError: He may see none: to him there is nothing.
    """
    if user.data_sources is None:
        return tuple(persons), 0
    seen = tuple(
        replace(person, records=tuple(each for each in person.records if user.sees(each.values["data_source"] or "")))
        for person in persons
    )
    shown = sum(len(person.records) for person in seen)
    if persons and not shown:
        raise NotFoundError("there is nothing here, or nothing of your data sources")
    return seen, sum(len(person.records) for person in persons) - shown


def decisions_seen(decisions: Iterable[DecisionInForce], record_ids: Collection[int]) -> tuple[DecisionInForce, ...]:
    """Those between records that he sees: a decision's note may quote both."""
    return tuple(each for each in decisions if each.record_id_l in record_ids and each.record_id_r in record_ids)


def may_decide(user: User, withheld: int) -> bool:
    """Whether he may decide: only who sees all records knows what he decides about."""
    return user.may(STEWARD) and not withheld
