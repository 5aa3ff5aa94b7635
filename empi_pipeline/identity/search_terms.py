"""What one looks for, as parameters of the searching queries: names in both spellings, ranges, records of an id."""

import re
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any, Final

from empi_pipeline.errors import NotFoundError
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_BEYOND: Final = "\U0010ffff"
"""Sorts behind whatever may follow a beginning."""
_ID_BEGINNING: Final = re.compile(r"[0-9a-f]{1,32}")
_FEW: Final = 5_000
"""So many records of the persons whose ids begin so are looked at one by one; of more, the first that come by name."""


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What a record must have; None or empty: anything.

    Attributes:
        first_name: How it begins, or what it contains.
        last_name: How it begins, or what it contains.
        birth_date: How it begins, as YYYY-MM-DD.
        person_id: How the id begins; `p_` before it and dashes do not matter.
        source_person_id: Exactly.
        data_source: Exactly.
    """

    first_name: str | None = None
    last_name: str | None = None
    birth_date: str | None = None
    person_id: str | None = None
    source_person_id: str | None = None
    data_source: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything is asked for."""
        return any(getattr(self, name) for name in self.__slots__)

    @property
    def names(self) -> bool:
        """Whether a name is asked for."""
        return bool(self.first_name or self.last_name)


def parameters_of(connection: Connection, terms: SearchTerms, scope: list[str] | None) -> dict[str, Any]:
    """The bound values of the searching queries.

    Args:
        connection: An open connection.
        terms: What to look for.
        scope: The data sources whose records may be looked at; None for all.

    Raises:
        NotFoundError: The beginning of the id is none, so nobody has it.
    """
    low, high = ids_from(terms.person_id) if terms.person_id else (None, None)
    record_ids = _records_of(connection, terms) if terms.source_person_id else None
    if low is not None and record_ids is None:
        record_ids = _records_of_ids(connection, low, high)
    values: dict[str, Any] = {
        "data_source": terms.data_source or None,
        "scope": scope,
        "record_ids": record_ids,
        "person_id": low,
        "person_id_end": high,
        "contains": False,
    }
    for name, spelling in (
        ("last_name", _spelling(terms.last_name)),
        ("last_name_typed", if_other(terms.last_name)),
        ("first_name", _spelling(terms.first_name)),
        ("first_name_typed", if_other(terms.first_name)),
        ("birth_date", terms.birth_date and terms.birth_date.strip()),
    ):
        values[name] = spelling or None
        values[f"{name}_end"] = spelling + _BEYOND if spelling else None
    return values


def standardised(name: str) -> str:
    """A name as cleaning writes it: lower case, no accents, single spaces for punctuation, none for apostrophes."""
    folded = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    plain = re.sub(r"[.'\u2018\u2019\u02bc`]", "", folded)
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


def _spelling(name: str | None) -> str | None:
    """As cleaning writes it; a name of punctuation alone stays what it is, or anything would fit."""
    return name and (standardised(name) or name.strip())


def if_other(name: str | None) -> str | None:
    """A name as typed, where cleaning would write it in another way."""
    return name.strip() if name and name.strip() != standardised(name) else None


def ids_from(beginning: str) -> tuple[str, str]:
    """The lowest and the highest id that begin so.

    Raises:
        NotFoundError: It is not the beginning of a UUID.
    """
    digits = beginning.strip().lower().removeprefix("p_").replace("-", "")
    if not _ID_BEGINNING.fullmatch(digits):
        raise NotFoundError("that is not the beginning of a person id, which is a UUID")
    return str(uuid.UUID(digits.ljust(32, "0"))), str(uuid.UUID(digits.ljust(32, "f")))


def _records_of(connection: Connection, terms: SearchTerms) -> list[int]:
    """Records of a source id, in one data source or in all of them."""
    if terms.data_source:
        data_sources = [terms.data_source]
    else:
        data_sources = [name for (name,) in connection.execute(load("identity/data_sources"))]
    rows = connection.execute(
        load("identity/records_of_source_id"),
        {"data_sources": data_sources, "source_person_id": terms.source_person_id},
    )
    return [record_id for (record_id,) in rows]


def _records_of_ids(connection: Connection, low: str, high: str | None) -> list[int] | None:
    """Records of the persons whose ids lie in a range; None where there are very many."""
    rows = connection.execute(
        load("identity/records_of_ids"), {"person_id": low, "person_id_end": high, "limit": _FEW + 1}
    ).fetchall()
    return [record_id for (record_id,) in rows] if len(rows) <= _FEW else None
