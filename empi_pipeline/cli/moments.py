"""Moments as people write them: a date, a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from empi_pipeline.errors import ConfigurationError

METAVAR: Final = "DATE|TIME|AGE"
FORMS: Final = "2026-11-20, 2026-11-20T14:30 (local time unless it says otherwise), or how long ago: 90m, 12h, 7d"

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_AGE: Final = re.compile(r"(\d{1,6})([mhd])")


def moment(option: str, text: str) -> datetime:
    """The moment that a text says.

    Args:
        option: Named in the error.
        text: One of `FORMS`; a date alone is its beginning.

    Raises:
        ConfigurationError: It is none of these.
    """
    age = _AGE.fullmatch(text)
    try:
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{option} {text}: write {FORMS}") from None


def optional_moment(option: str, text: str | None) -> datetime | None:
    """As `moment`; None where nothing was said."""
    return None if text is None else moment(option, text)
