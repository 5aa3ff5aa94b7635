"""How values look on the wire: ids with their prefixes, moments, and texts that a database can hold."""

import re
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, model_validator

from empi_pipeline.api.errors import invalid

USER: Final = "u"
CONFIG: Final = "cfg"
JOB: Final = "job"
RECORD: Final = "pr"
CASE: Final = "pm"
PAIR: Final = "prre"
PERSON: Final = "p"

_LARGEST: Final = 2**63 - 1
_PERSON_ID: Final = re.compile(r"p_([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Null characters are not allowed.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("Not a valid string.") from None
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""A text that Postgres can hold: no NUL, no half characters."""


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("Datetime has wrong format.") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with its time zone, told in UTC: Postgres knows no zones as odd as some that ISO 8601 can say."""


class Body(BaseModel):
    """Of a request: keys that are not known are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Query(BaseModel):
    """Query parameters: unknown ones are refused, and blank ones count as not given."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _blank_is_not_given(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values


def id_of(prefix: str, number: int) -> str:
    """`pr_17`."""
    return f"{prefix}_{number}"


def person_id_of(person_id: str) -> str:
    """`p_<uuid>`."""
    return f"{PERSON}_{person_id}"


def pair_id_of(left: int, right: int) -> str:
    """`prre_N`, the same for ever: the N-th pair of records when counted by the higher and then the lower id."""
    return id_of(PAIR, (right - 1) * (right - 2) // 2 + left)


def number_in(text: str, prefix: str) -> int | None:
    """The number in an id of this kind; None if it is none."""
    digits = text.removeprefix(f"{prefix}_")
    if digits == text or not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return None
    number = int(digits)
    return number if number <= _LARGEST else None


def number_of(text: str, prefix: str, what: str, field: str) -> int:
    """The number in an id.

    Raises:
        ApiError: 400 `Invalid <what> ID` about a field.
    """
    number = number_in(text, prefix)
    if number is None:
        raise invalid(f"Invalid {what} ID", field, "invalid_id")
    return number


def uuid_in(text: str) -> str | None:
    """The UUID in `p_<uuid4>`; None if it is none."""
    found = _PERSON_ID.fullmatch(text.lower())
    return str(uuid.UUID(found[1])) if found else None


def person_uuid_of(text: str, field: str = "person_id") -> str:
    """The UUID in a person's id.

    Raises:
        ApiError: 400 `Invalid Person ID`.
    """
    found = uuid_in(text)
    if found is None:
        raise invalid("Invalid Person ID", field, "invalid_id")
    return found


def moment(at: datetime) -> str:
    """`2026-11-20T09:43:32.353881Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_with_offset(at: datetime | None) -> str | None:
    """`2026-11-20T09:43:32.353881+00:00`, as the reference system writes what its database formats."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
