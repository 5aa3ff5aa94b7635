"""How a data source writes its dates: declared, or learnt once from values that leave no doubt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import duckdb
import pyarrow as pa

from empi_pipeline import sql
from empi_pipeline.errors import ConfigurationError

DateOrder = Literal["mdy", "dmy"]
DateColumn = tuple[str, str]
"""(data_source, "birth_date" or "death_date")."""

DATE_COLUMNS: Final = ("birth_date", "death_date")
UNDECIDED: Final[DateOrder] = "mdy"
"""Read `03/04/1990` as March 4 where nothing is declared or learnt: the convention of the United States."""

_CLEAR_MAJORITY: Final = 20
"""Votes for one order per vote for the other; typing errors can put a 13 into a month."""

_DIRECTIVE: Final = re.compile(r"%[-#]?([A-Za-z])")
_LETTERS: Final = {"Y": "y", "y": "y", "m": "m", "b": "m", "B": "m", "d": "d", "e": "d"}
_EIGHT_DIGITS: Final = re.compile(r"^(%[Ymd]){3}")
_TIME: Final = frozenset("HIMSfpzZT")


@dataclass(frozen=True, slots=True)
class SourceCleaning:
    """How the records of one data source are cleaned.

    Attributes:
        date_format: The order of its dates in the notation of `strptime`, e.g. `"%d/%m/%Y"` or `"%d%m%Y"`; None to
            learn it. Only the order (and whether there are separators) is used: ISO dates and months in words are read
            in any case.
        pass_through: Take the delivered values as the cleaned ones, unchanged (for a migration from another system).
    """

    date_format: str | None = None
    pass_through: bool = False

    def __post_init__(self) -> None:
        if self.date_format is not None:
            declared_order(self.date_format)


def declared_order(date_format: str) -> str:
    """The order of year, month and day in a `strptime` format.

    Returns:
        `"mdy"`, `"dmy"`, `"ymd"` or `"ydm"`, with `8` appended when the format is eight digits without separators.

    Raises:
        ConfigurationError: The format lacks one of year, month and day, has one twice, or has a directive that is no
            part of a date.
    """
    directives = [letter for letter in _DIRECTIVE.findall(date_format) if letter not in _TIME]
    order = "".join(_LETTERS.get(letter, "?") for letter in directives)
    if order not in ("mdy", "dmy", "ymd", "ydm"):
        raise ConfigurationError(
            f"date_format {date_format!r} must name year (%Y), month (%m) and day (%d) once each, in one of the orders "
            "month-day-year, day-month-year, year-month-day, year-day-month; for example '%d/%m/%Y'"
        )
    return f"{order}8" if _EIGHT_DIGITS.match(date_format) else order


def infer_date_formats(con: duckdb.DuckDBPyConnection, person_records: pa.Table) -> dict[DateColumn, DateOrder | None]:
    """Whether each data source writes the day or the month first, as far as its own values leave no doubt.

    Only values such as `25/12/1990` (one part above 12) count; ISO dates, `yyyymmdd` and months in words need no order.
    Persist what was learnt first for a data source and hand it to `clean`: then cleaning does not depend on which other
    records happen to be in the same batch.

    Args:
        con: A scratch connection.
        person_records: With data_source, birth_date and death_date.

    Returns:
        For each data source and date column the order, None when no value decides or the values contradict each other.
    """
    con.register("cleaning_delivery", person_records)
    try:
        rows = con.execute(sql.load("cleaning/date_order_evidence")).fetchall()
    finally:
        con.unregister("cleaning_delivery")
    return {
        (data_source, column): _decided(day_first, month_first) for data_source, column, day_first, month_first in rows
    }


def _decided(day_first: int, month_first: int) -> DateOrder | None:
    if day_first > _CLEAR_MAJORITY * month_first:
        return "dmy"
    if month_first > _CLEAR_MAJORITY * day_first:
        return "mdy"
    return None


def order_of(
    data_source: str, column: str, sources: Mapping[str, SourceCleaning], learnt: Mapping[DateColumn, DateOrder | None]
) -> str:
    """The order to read a column in: as declared, else as learnt, else month first."""
    source = sources.get(data_source)
    if source is not None and source.date_format is not None:
        return declared_order(source.date_format)
    return learnt.get((data_source, column)) or UNDECIDED
