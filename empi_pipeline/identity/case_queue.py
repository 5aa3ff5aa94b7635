"""Reading the review queue: which cases there are, in the order of their urgency, filtered. Changes nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from empi_pipeline.identity.record_search import fitting_records, values_of
from empi_pipeline.identity.search_terms import SearchTerms
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

KINDS: Final = ("potential_match", "conflict", "overlay")
_MANY_RECORDS: Final = 5_000
"""Where more records fit, cases are looked through one after the other instead of the records."""
_CASES_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A review case as the queue lists it; names are those of its first record."""

    case_id: int
    kind: str
    status: str
    version: int
    reason: str | None
    priority: float
    max_match_weight: float | None
    max_match_probability: float | None
    person_count: int
    record_count: int
    opened_at: datetime
    first_name: str | None
    last_name: str | None
    data_sources: tuple[str, ...]


def list_cases(
    connection: Connection,
    *,
    kind: str | None = None,
    status: str = "open",
    data_source: str | None = None,
    source_person_id: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    birth_date: str | None = None,
    person_id: str | None = None,
    record_id: int | None = None,
    opened_since: datetime | None = None,
    opened_before: datetime | None = None,
    min_probability: float | None = None,
    among: Collection[int] | None = None,
    not_among: Collection[int] | None = None,
    limit: int = 50,
    after: CaseSummary | int | None = None,
) -> list[CaseSummary]:
    """The review queue, most urgent first.

    Urgent is what does most harm while it waits, then where an answer is worth most. `priority` is

        risk of the kind + min(99, 10 x probability x log2(1 + records))

    Risk: overlay 300 (two humans in one id: one's allergies in the other's chart), conflict 200 (a decision or guard
    is contradicted), potential match 100 (a history in two parts). Value: the probability of the strongest pair, that
    is of the question being real (1 where nothing was scored), times what is at stake, the records of all its persons.
    So among equals a case about thirty records comes before one about two, though its score is lower. Equal
    priorities: the older case first.

    Args:
        connection: An open connection.
        kind: One of `KINDS`.
        status: `open` or `closed`.
        data_source: Only cases about a person with a record of this data source; what else is asked for of records
            must fit the same one. Names and dates are compared as `find_persons` does.
        source_person_id: ... with this source_person_id.
        first_name: ... with a first name that begins with this.
        last_name: ... with a last name that begins with this.
        birth_date: ... with a birth date (YYYY-MM-DD) that begins with this.
        person_id: ... whose id begins with this.
        record_id: ... with this record.
        opened_since: Only cases opened at or after.
        opened_before: Only cases opened before.
        min_probability: Only cases with a match probability of at least this.
        among: Only these cases.
        not_among: None of these cases.
        limit: At most so many.
        after: The last case of the page before, or its id. Cases that open or change meanwhile are found in their own
            place; none is listed twice unless its priority falls.

    Raises:
        NotFoundError: The beginning of the person's id is none.
    """
    asked: dict[str, Any] = {
        "kind": kind,
        "status": status,
        "opened_since": opened_since,
        "opened_before": opened_before,
        "min_probability": min_probability,
        "case_ids": None if among is None else list(among),
        "not_among": None if not_among is None else list(not_among),
    }
    terms = SearchTerms(first_name, last_name, birth_date, person_id, source_person_id, data_source)
    if not terms.any and record_id is None:
        return _page(connection, asked, limit, after)
    values = values_of(connection, terms, record_id)
    persons = _persons_that_fit(connection, values)
    if persons is None:
        return _cases_that_fit(connection, values, asked, limit, after)
    asked["case_ids"] = _cases_of(connection, persons, among)
    return _page(connection, asked, limit, after)


def cases_about(
    connection: Connection, terms: SearchTerms, *, status: str | None = None, among: Collection[int] | None = None
) -> list[int] | None:
    """Ids of all cases about persons with a record that fits; None where nothing is asked for.

    Args:
        connection: An open connection.
        terms: What one record must say.
        status: `open` or `closed`: where very many records fit, every case of that status is looked at; of any if None.
        among: Only these cases.
    """
    if not terms.any:
        return None if among is None else list(among)
    values = values_of(connection, terms)
    persons = _persons_that_fit(connection, values)
    if persons is not None:
        return _cases_of(connection, persons, among)
    fitting = _fitting_cases(connection, values, {"case_ids": None if among is None else list(among), "status": status})
    return sorted(fitting)


def count_cases(
    connection: Connection,
    *,
    status: str = "open",
    opened_since: datetime | None = None,
    opened_before: datetime | None = None,
    min_probability: float | None = None,
    among: Collection[int] | None = None,
    not_among: Collection[int] | None = None,
    **terms: Any,
) -> dict[str, int]:
    """How many cases of each kind `list_cases` would find with the same filters."""
    rows = connection.execute(
        load("identity/cases_counted"),
        {
            "status": status,
            "opened_since": opened_since,
            "opened_before": opened_before,
            "min_probability": min_probability,
            "case_ids": cases_about(connection, SearchTerms(**terms), status=status, among=among),
            "not_among": None if not_among is None else list(not_among),
        },
    ).fetchall()
    return dict(rows)


def _page(
    connection: Connection, asked: dict[str, Any], limit: int, after: CaseSummary | int | None
) -> list[CaseSummary]:
    place = {
        "after_case_id": after.case_id if isinstance(after, CaseSummary) else after,
        "after_priority": after.priority if isinstance(after, CaseSummary) else None,
        "limit": limit,
    }
    rows = connection.execute(load("identity/cases_list"), {**asked, **place}, prepare=False).fetchall()
    return [CaseSummary(*values) for values in ((*row[:-1], tuple(row[-1] or ())) for row in rows)]


def _persons_that_fit(connection: Connection, values: dict[str, Any]) -> list[str] | None:
    """Persons with a record that fits; None where so many do that looking through the cases is less."""
    if {name for name, value in values.items() if value not in (None, False)} == {"data_source"}:
        return None  # A large source: of a small one the records are known.
    fitting = fitting_records(connection, values, limit=_MANY_RECORDS + 1)
    return None if len(fitting) > _MANY_RECORDS else sorted({each.person_id for each in fitting})


def _cases_of(connection: Connection, person_ids: list[str], among: Collection[int] | None) -> list[int]:
    found = (row[0] for row in connection.execute(load("identity/cases_about"), {"person_ids": person_ids}))
    return [case_id for case_id in found if among is None or case_id in among]


def _fitting_cases(connection: Connection, values: dict[str, Any], cases: dict[str, Any]) -> set[int]:
    """Those of some cases that are about a person with a record that fits."""
    about: dict[str, list[int]] = {}
    for case_id, person_id in connection.execute(load("identity/persons_of_cases"), cases):
        about.setdefault(person_id, []).append(case_id)
    fitting = {each.person_id for each in fitting_records(connection, values, person_ids=list(about))}
    return {case_id for person_id in fitting for case_id in about[person_id]}


def _cases_that_fit(
    connection: Connection, values: dict[str, Any], asked: dict[str, Any], limit: int, after: CaseSummary | int | None
) -> list[CaseSummary]:
    """Where very many records fit: the queue is read from its front until enough cases are about such a record."""
    found: list[CaseSummary] = []
    while True:
        page = _page(connection, asked, _CASES_AT_ONCE, after)
        fit = _fitting_cases(connection, values, {"case_ids": [each.case_id for each in page], "status": None})
        found += [each for each in page if each.case_id in fit]
        if len(found) >= limit or len(page) < _CASES_AT_ONCE:
            return found[:limit]
        after = page[-1]


def open_case_counts(connection: Connection) -> dict[str, int]:
    """How many cases of each kind are open."""
    return dict(connection.execute(load("identity/open_case_counts")).fetchall())
