"""Lists of persons and of open cases, page by page, within the data sources one may see. Changes nothing.

A page costs what it shows: order and search go through indexes, and a page is found by where the one before ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.search_terms import SearchTerms, parameters_of
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

T = TypeVar("T")

MOST_COUNTED: Final = 1_000
"""How many fitting records are counted before "at least" must do."""

MOST_CASES_COUNTED: Final = 30_000
"""How many open cases are counted, where nothing of their records needs to be looked at."""

MOST_LOOKED_THROUGH: Final = 200_000
"""Records in the index up to which a name that none begins with is looked for inside names."""

DEEPEST: Final = 5_000
"""How many may be left out; beyond it only going on after somebody is fast."""


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

    Where no name begins so, and the index is small (`MOST_LOOKED_THROUGH`), those whose name contains it.

    Args:
        connection: An open connection.
        terms: What one of its records must have, all of it.
        scope: The data sources one may see; None for all.
        limit: At most so many.
        offset: Leave out so many; costs what it leaves out.
        after: `at_record_id` of the last person of the page before.
        total: How many there are, if the caller knows.

    Raises:
        InvalidDecisionError: More is left out than `DEEPEST`.
        NotFoundError: There is no such record to go on after.
    """
    try:
        values = parameters_of(connection, terms, scope)
    except NotFoundError:
        return Page([], False, 0, True)
    exact = True
    if total is None:
        total, exact = _count_persons(connection, values)
        if not total and terms.names and _is_small(connection):
            values["contains"] = True
            total, exact = _count_persons(connection, values)
    if offset > DEEPEST:
        return _too_deep(offset, total, exact)
    last_name, first_name = _name_at(connection, after)
    values |= {
        "after_record_id": after,
        "after_last_name": last_name,
        "after_first_name": first_name,
        "unnamed": after is not None and last_name is None,
        "limit": limit + 1,
        "offset": offset,
    }
    rows = _searched(connection, "identity/persons_page", values)
    if after is not None and last_name is not None and len(rows) <= limit:
        beginning = {"after_record_id": None, "unnamed": True, "limit": limit + 1 - len(rows)}
        rows += _searched(connection, "identity/persons_page", values | beginning)
    persons = [ListedPerson(*values) for values in ((*row[:5], tuple(row[5] or ()), row[6]) for row in rows)]
    # As many as one has seen there are at least.
    return Page(persons[:limit], len(persons) > limit, max(total, offset + len(persons) if persons else 0), exact)


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
    by_source = terms.data_source if terms == SearchTerms(data_source=terms.data_source) else None
    if terms.any and not by_source:
        try:
            case_ids = _cases_about(connection, terms, scope)
        except NotFoundError:
            return Page([], False, 0, True)
    # Whether a case has a record of some source is looked up case by case: fewer are counted.
    most = MOST_COUNTED if by_source or scope is not None else MOST_CASES_COUNTED
    values = {
        "kind": kind,
        "scope": scope,
        "data_source": by_source,
        "case_ids": case_ids,
        "after_case_id": after,
        "limit": limit + 1,
        "offset": offset,
        "most": most,
    }
    ((total,),) = _searched(connection, "identity/cases_count", values)
    exact = total < most
    if offset > DEEPEST:
        return _too_deep(offset, total, exact)
    rows = _searched(connection, "identity/cases_page", values)
    cases = [ListedCase(*values) for values in ((*row[:11], tuple(row[11] or ())) for row in rows)]
    return Page(cases[:limit], len(cases) > limit, max(total, offset + len(cases) if cases else 0), exact)


def living_persons(connection: Connection) -> int:
    """How many there are; reads all of `identity.persons`."""
    row = connection.execute("select count(*) from identity.persons where retired_change_id is null").fetchone()
    assert row is not None
    return int(row[0])


def _cases_about(connection: Connection, terms: SearchTerms, scope: list[str] | None) -> list[int]:
    values = parameters_of(connection, terms, scope)
    found = _searched(connection, "identity/cases_found", values)
    if not found and terms.names and _is_small(connection):
        found = _searched(connection, "identity/cases_containing", values)
    return [case_id for (case_id,) in found]


def _count_persons(connection: Connection, values: dict[str, Any]) -> tuple[int, bool]:
    ((total, exact),) = _searched(connection, "identity/persons_count", {**values, "most": MOST_COUNTED})
    return total, exact


def _searched(connection: Connection, query: str, values: Mapping[str, Any]) -> list[Any]:
    """The rows of a search, planned for the values at hand: which index is good depends on what is asked for."""
    # Workers take longer to start than a page takes.
    connection.execute("set local max_parallel_workers_per_gather = 0")
    return connection.execute(load(query), values, prepare=False).fetchall()


def _is_small(connection: Connection) -> bool:
    """Whether all records can be looked at for a name within another."""
    row = connection.execute(
        "select reltuples < %s from pg_class where oid = 'cleaned.person_records'::regclass", [MOST_LOOKED_THROUGH]
    ).fetchone()
    return row == (True,)


def _too_deep(offset: int, total: int, exact: bool) -> Page[Any]:
    """Behind the end there is nothing; before it, it takes too long to get there."""
    if exact and offset >= total:
        return Page([], False, total, True)
    raise InvalidDecisionError(f"page numbers reach {DEEPEST:,} items far; go on with a cursor")


def _name_at(connection: Connection, record_id: int | None) -> tuple[str | None, str | None]:
    if record_id is None:
        return None, None
    row = connection.execute(load("identity/cleaned_name"), {"record_id": record_id}).fetchone()
    if row is None:
        raise NotFoundError("there is no such place to go on from: begin again")
    return row[0], row[1]
