"""Pages: by number, as clients of the reference system ask, and by cursor, which stays fast however far one goes."""

from math import ceil
from typing import Annotated, Any

from pydantic import Field

from empi_pipeline.api.wire import CASE, RECORD, Query, Text, id_of, number_of
from empi_pipeline.identity.lists import Page
from empi_pipeline.identity.search_terms import SearchTerms

Size = Annotated[int, Field(ge=1, le=1_000)]
Number = Annotated[int, Field(ge=1, le=2**31)]


class Paged(Query):
    """Which page."""

    page: Number = 1
    page_size: Size = 50
    cursor: Text | None = None
    """`next_cursor` of the page before; then `page` does not matter."""

    @property
    def offset(self) -> int:
        """How many come before it."""
        return 0 if self.cursor else (self.page - 1) * self.page_size


class Searched(Paged):
    """What to look for; all of it must be in one record."""

    first_name: Text | None = None
    """How it begins; where no name begins so, what it contains."""
    last_name: Text | None = None
    birth_date: Text | None = None
    person_id: Text | None = None
    source_person_id: Text | None = None
    data_source: Text | None = None

    @property
    def terms(self) -> SearchTerms:
        """As identity takes it."""
        return SearchTerms(
            self.first_name,
            self.last_name,
            self.birth_date,
            self.person_id,
            self.source_person_id,
            self.data_source,
        )

    def asked_with(self) -> list[str]:
        """Names of the filters in use, for the audit."""
        return sorted(name for name in SearchTerms.__slots__ if getattr(self, name))


def cursor_number(cursor: str | None, prefix: str) -> int | None:
    """The place a cursor stands for.

    Raises:
        ApiError: 400, it is none.
    """
    return None if not cursor else number_of(cursor, prefix, "cursor", "cursor")


def pagination(asked: Paged, page: Page[Any], next_cursor: str | None) -> dict[str, Any]:
    """What clients of the reference system read, and how to go on."""
    pages = ceil(page.total / asked.page_size)
    return {
        "page": asked.page,
        "page_size": asked.page_size,
        "total_count": page.total,
        "total_pages": pages,
        "has_next": page.has_next,
        "has_previous": asked.page > 1 or bool(asked.cursor),
        "next_page": asked.page + 1 if page.has_next else None,
        "previous_page": asked.page - 1 if asked.page > 1 else None,
        "total_is_exact": page.exact,
        "next_cursor": next_cursor if page.has_next else None,
    }


def next_case(page: Page[Any]) -> str | None:
    """The cursor behind the last case of a page."""
    return id_of(CASE, page.items[-1].case_id) if page.items else None


def next_person(page: Page[Any]) -> str | None:
    """The cursor behind the last person of a page: a record, so that no name stands in an address."""
    return id_of(RECORD, page.items[-1].at_record_id) if page.items else None
