"""Lists of persons and of open cases, page by page, within the data sources one may see. Changes nothing.

A page costs what it shows: order and search go through indexes, and a page is found by where the one before ended.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.search_terms import SearchTerms, parameters_of
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

T = TypeVar("T")

MOST_COUNTED: Final = 3_000
"""How many fitting records, or cases, are counted before "at least" must do."""


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A living person in a list.

    Attributes:
        person_id: Its id.
        version: Its version.
        record_count: Records it has.
        first_name: Of its first record one may see, as delivered.
        last_name: Likewise.
        data_sources: Of its records one may see.
        at_record_id: The record that fits: go on after it.
    """

    person_id: str
    version: int
    record_count: int
    first_name: str | None
    last_name: str | None
    data_sources: tuple[str, ...]
    at_record_id: int


@dataclass(frozen=True, slots=True)
class ListedCase:
    """An open review case in a list; the name is that of the first record one may see."""

    case_id: int
    kind: str
    version: int
    reason: str | None
    priority: float
    max_match_probability: float | None
    person_count: int
    record_count: int
    opened_at: datetime
    first_name: str | None
    last_name: str | None
    data_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page, whether there is another one, and how many there are in all.

    Attributes:
        items: What it shows.
        has_next: Whether more follow.
        total: How many there are; at least so many where not `exact`.
        exact: See `total`.
    """

    items: list[T]
    has_next: bool
    total: int
    exact: bool


def page_of_persons(
    connection: Connection,
    terms: SearchTerms,
    *,
    scope: list[str] | None = None,
    limit: int = 50,
    offset: int = 0,
    after: int | None = None,
    total: int | None = None,
) -> Page[ListedPerson]:
    """Living persons by name, nulls last; with a name asked for, those with a record whose name begins so.

    Where no name begins so, those whose name contains it.

    Args:
        connection: An open connection.
        terms: What one of its records must have, all of it.
        scope: The data sources one may see; None for all.
        limit: At most so many.
        offset: Leave out so many; costs what it leaves out.
        after: `at_record_id` of the last person of the page before.
        total: How many there are, if the caller knows.
    """
    try:
        values = parameters_of(connection, terms, scope)
    except NotFoundError:
        return Page([], False, 0, True)
    last_name, first_name = _name_at(connection, after)
    values |= {
        "after_record_id": after,
        "after_last_name": last_name,
        "after_first_name": first_name,
        "limit": limit + 1,
        "offset": offset,
        "most": MOST_COUNTED,
    }
    # Planned for the values at hand: which index is good depends on what is asked for.
    rows = connection.execute(load("identity/persons_page"), values, prepare=False).fetchall()
    exact = True
    if total is None:
        counted = connection.execute(load("identity/persons_count"), values, prepare=False).fetchone()
        assert counted is not None
        total, exact = counted
        if not total and terms.names and not values["contains"]:
            values["contains"] = True
            rows = connection.execute(load("identity/persons_page"), values, prepare=False).fetchall()
            counted = connection.execute(load("identity/persons_count"), values, prepare=False).fetchone()
            assert counted is not None
            total, exact = counted
    persons = [ListedPerson(*values) for values in ((*row[:5], tuple(row[5] or ()), row[6]) for row in rows)]
    has_next = len(persons) > limit
    # As many as one has seen there are at least.
    return Page(persons[:limit], has_next, max(total, 0 if exact else offset + len(persons)), exact)


def page_of_cases(
    connection: Connection,
    terms: SearchTerms,
    *,
    kind: str | None = None,
    scope: list[str] | None = None,
    limit: int = 50,
    offset: int = 0,
    after: int | None = None,
) -> Page[ListedCase]:
    """Open review cases, the most urgent first; arguments as `page_of_persons`, `after` the last case's id."""
    case_ids: list[int] | None = None
    if terms.any:
        try:
            case_ids = _cases_about(connection, terms, scope)
        except NotFoundError:
            return Page([], False, 0, True)
    values = {
        "kind": kind,
        "scope": scope,
        "case_ids": case_ids,
        "after_case_id": after,
        "limit": limit + 1,
        "offset": offset,
        "most": MOST_COUNTED * 10,
    }
    rows = connection.execute(load("identity/cases_page"), values, prepare=False).fetchall()
    counted = connection.execute(load("identity/cases_count"), values, prepare=False).fetchone()
    assert counted is not None
    cases = [ListedCase(*values) for values in ((*row[:11], tuple(row[11] or ())) for row in rows)]
    return Page(cases[:limit], len(cases) > limit, counted[0], counted[0] < MOST_COUNTED * 10)


def living_persons(connection: Connection) -> int:
    """How many there are; reads all of `identity.persons`."""
    row = connection.execute("select count(*) from identity.persons where retired_change_id is null").fetchone()
    assert row is not None
    return int(row[0])


def _cases_about(connection: Connection, terms: SearchTerms, scope: list[str] | None) -> list[int]:
    values: dict[str, Any] = parameters_of(connection, terms, scope)
    if terms.data_source and not (terms.names or terms.birth_date or terms.person_id or terms.source_person_id):
        # Every record of the source would have to be looked up; the queue has fewer.
        found = connection.execute(load("identity/cases_containing"), values, prepare=False).fetchall()
        return [case_id for (case_id,) in found]
    found = connection.execute(load("identity/cases_found"), values, prepare=False).fetchall()
    if not found and terms.names:
        found = connection.execute(load("identity/cases_containing"), values, prepare=False).fetchall()
    return [case_id for (case_id,) in found]


def _name_at(connection: Connection, record_id: int | None) -> tuple[str | None, str | None]:
    if record_id is None:
        return None, None
    row = connection.execute(load("identity/cleaned_name"), {"record_id": record_id}).fetchone()
    if row is None:
        raise NotFoundError("there is no such place to go on from: begin again")
    return row[0], row[1]
