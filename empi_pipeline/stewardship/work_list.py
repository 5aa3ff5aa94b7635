"""The work list: which cases, in which order, how many of each kind, and with whom they wait."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from empi_pipeline.api.access import User
from empi_pipeline.identity.case_queue import CaseSummary, cases_about, count_cases, list_cases
from empi_pipeline.identity.case_reasons import GUARD_REASONS, in_words
from empi_pipeline.identity.queries import KINDS
from empi_pipeline.identity.search_terms import SearchTerms
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load
from empi_pipeline.stewardship.case_view import KINDS as TOLD

PAGE_SIZE: Final = 50
ME: Final = "me"
NOBODY: Final = "nobody"

FIELDS: Final = (
    ("last_name", "last name", "begins"),
    ("first_name", "first name", "begins"),
    ("birth_date", "born", "1971-03-04 or 1971"),
    ("data_source", "source", "whole"),
    ("source_person_id", "source id", "whole"),
    ("person_id", "person id", "begins"),
    ("record_id", "record", "number"),
    ("min_probability", "likely at least", "0.9"),
    ("older_than_days", "waiting for days", "7"),
    ("status", "status", "open or closed"),
)
"""What one can filter by: field, name, hint."""
_NUMBERS: Final = {"record_id": int, "min_probability": float, "older_than_days": float}


@dataclass(frozen=True, slots=True)
class Looking:
    """What part of the work list one looks at; stands in the address, except for `asked`, which is sealed in `q`."""

    kind: str = ""
    with_whom: str = ""
    q: str = ""
    after: int | None = None

    def address(self, **changes: Any) -> str:
        """The query part of an address, with its question mark; empty for the whole list."""
        changed = replace(self, **changes)
        values = {"kind": changed.kind, "with": changed.with_whom, "q": changed.q, "after": changed.after}
        told = urlencode({name: value for name, value in values.items() if value})
        return f"?{told}" if told else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the work list."""

    case: CaseSummary
    name: str
    why: str
    with_whom: str | None
    last_actor: str | None
    last_note: str | None

    @property
    def title(self) -> str:
        """What kind of case it is."""
        return TOLD[self.case.kind][0]


@dataclass(frozen=True, slots=True)
class WorkList:
    """A page of the work list, and how many cases of each kind the filters leave."""

    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    has_more: bool


def filters_of(asked: Mapping[str, str]) -> dict[str, Any]:
    """What was asked for as the queue takes it; what cannot be understood is left out."""
    filters: dict[str, Any] = {}
    for name, value in asked.items():
        if not value or name not in {field for field, _, _ in FIELDS}:
            continue
        try:
            filters[name] = _NUMBERS[name](value) if name in _NUMBERS else value
        except ValueError:
            continue
    days = filters.pop("older_than_days", None)
    if days is not None and 0 <= days < 36_500:
        filters["opened_before"] = datetime.now(UTC) - timedelta(days=days)
    filters["status"] = "closed" if filters.get("status") == "closed" else "open"
    if not 0 < filters.get("record_id", 1) < 2**62:
        del filters["record_id"]
    return filters


def handed_over(connection: Connection) -> dict[int, str]:
    """Open case -> the steward it waits with."""
    return dict(connection.execute(load("stewardship/cases_handed_over"), {}).fetchall())


def is_same_steward(name: str, other: str) -> bool:
    """Whether two names are one steward's: whole, or the part of an address before the @."""
    one, two = name.casefold(), other.casefold()
    return one == two or (("@" in one) != ("@" in two) and one.split("@")[0] == two.split("@")[0])


def work_list(connection: Connection, user: User, looking: Looking, asked: Mapping[str, str]) -> WorkList:
    """One page of the queue.

    Args:
        connection: An open connection.
        user: Who looks: cases about none of his data sources are not his.
        looking: Kind, with whom, where to go on.
        asked: The filters.
    """
    chosen = _chosen(connection, user, looking, asked)
    kind = looking.kind if looking.kind in KINDS else None
    found = list_cases(connection, kind=kind, limit=PAGE_SIZE + 1, after=looking.after, **chosen)
    shown = found[:PAGE_SIZE]
    rows = connection.execute(load("stewardship/case_notes"), {"case_ids": [each.case_id for each in shown]})
    noted = {row[0]: row[2:] for row in rows}
    return WorkList(
        tuple(_row(each, user, noted.get(each.case_id, (None, None, None))) for each in shown),
        count_cases(connection, **chosen),
        len(found) > PAGE_SIZE,
    )


def next_case(
    connection: Connection, user: User, looking: Looking, asked: Mapping[str, str], case_id: int
) -> int | None:
    """The case behind one in the part of the list one looks at."""
    kind = looking.kind if looking.kind in KINDS else None
    found = list_cases(
        connection, kind=kind, limit=1, after=case_id, **_chosen(connection, user, looking, asked)
    )  # fmt: skip
    return found[0].case_id if found else None


def _chosen(connection: Connection, user: User, looking: Looking, asked: Mapping[str, str]) -> dict[str, Any]:
    filters = filters_of(asked)
    among: set[int] | None = None
    if user.data_sources is not None:
        sources = [SearchTerms(data_source=source) for source in user.data_sources]
        among = {case for terms in sources for case in cases_about(connection, terms) or ()}
    if looking.with_whom in {ME, NOBODY}:
        waiting = handed_over(connection)
        if looking.with_whom == NOBODY:
            filters["not_among"] = list(waiting)
        else:
            mine = {case for case, name in waiting.items() if is_same_steward(name, user.name)}
            among = mine if among is None else among & mine
    return filters if among is None else {**filters, "among": among}


def _row(case: CaseSummary, user: User, noted: tuple[str | None, str | None, str | None]) -> Row:
    last_actor, last_note, assignee = noted
    # The name is of the first record, which may be of a source that is not for these eyes; a note may quote any.
    hidden = user.data_sources is not None and not set(case.data_sources) <= user.data_sources
    name = "" if hidden else ", ".join(filter(None, (case.last_name, case.first_name)))
    with_whom = None if assignee in {None, NOBODY} else assignee
    if hidden:
        sources = tuple(source for source in case.data_sources if user.sees(source))
        case, last_actor, last_note = replace(case, data_sources=sources), None, None
    return Row(case, name, _why(case.reason), with_whom, last_actor, last_note)


def _why(reason: str | None) -> str:
    """A reason in so few words that it fits a line."""
    if reason in {None, "potential_match"}:
        return ""
    code, _, found = (reason or "").partition(":")
    told = GUARD_REASONS.get(found)
    if told is None:
        return in_words(reason) or ""
    short = told.partition(":")[0].rstrip(".")
    return f"Versions of one source id: {short[0].lower()}{short[1:]}" if code == "versions_conflict" else short
