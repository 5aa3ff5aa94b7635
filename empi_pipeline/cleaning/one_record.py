"""Cleaning of one record at a time, by the same stages as a batch, for answers within milliseconds.

`clean` builds and plans its SQL anew for each table, which takes far longer than running it on one record. Here each
group of stages is a query that is kept running (`standing.py`).
"""

# ruff: noqa: S608 - the SQL holds words and column names of this package, never a delivered value.

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.cleaning import records
from empi_pipeline.cleaning.dates import CLEANING_DAY
from empi_pipeline.cleaning.formats import DATE_COLUMNS, DateColumn, DateOrder, SourceCleaning, order_of
from empi_pipeline.cleaning.further import IDENTIFIERS
from empi_pipeline.cleaning.queries import DERIVED, EXTRA_KEYS, REFERENCE_MISSING_WORDS
from empi_pipeline.cleaning.rulebook import GROUPS
from empi_pipeline.cleaning.stages import Group, Lookup, Stage, chain
from empi_pipeline.cleaning.vocabulary import VOCABULARIES
from empi_pipeline.schema import (
    ATTRIBUTE_COLUMNS,
    CLEANED_COLUMNS,
    FURTHER_COLUMNS,
    IDENTIFIER_PREFIX,
    PERSON_RECORD_COLUMNS,
    PLACES,
    SOURCE_IDENTITY_COLUMNS,
    is_person_column,
)
from empi_pipeline.standing import INCOMING, TICKET, StandingQuery, add_function

Record = Mapping[str, str | None]
"""Values by column."""

FIELDS: Final = tuple(
    dict.fromkeys((*PERSON_RECORD_COLUMNS, *(key for keys in EXTRA_KEYS.values() for key in keys), *FURTHER_COLUMNS))
)
"""What a record may have: the standard columns, and the extra ones that cleaning uses; `identifier_...` beside them."""

_DAY: Final = "cleaning_day"
"""The column that tells the stages for dates which day it is."""

_REMEMBERED: Final = 20_000
"""Values of each group whose cleaned form is kept in memory: names, cities and birth dates come again and again."""


class RecordCleaner:
    """Cleans one record after the other. Not for several threads at once."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        sources: Mapping[str, SourceCleaning],
        date_orders: Mapping[DateColumn, DateOrder | None],
    ) -> None:
        """Make a query of each group of stages.

        Args:
            con: A DuckDB connection opened as `standing.SCRATCH` says, not used by anything else while a record is
                cleaned.
            sources: Settings by data source, as for `clean`.
            date_orders: What was learnt of the dates of each data source, as for `clean`.
        """
        self._sources = sources
        self._date_orders = date_orders
        chains = _Chains(con)
        self._before = chains.of(("first_name", "last_name"), {}, (), records.BEFORE)
        groups = {group.name: (group.keys, chains.of_group(group)) for group in GROUPS}
        outputs = [output for group in GROUPS for output in group.outputs]
        self._after = chains.of(outputs, {}, (), records.AFTER)
        self._identifier = chains.of_group(IDENTIFIERS)

        @lru_cache(maxsize=_REMEMBERED * len(GROUPS))
        def cleaned(group: str, today: str, values: tuple[str | None, ...]) -> dict[str, str | None]:
            keys, query = groups[group]
            return _only_row(query.run([dict(zip(keys, values, strict=True)) | {_DAY: today}]))

        self._cleaned = cleaned

    def clean(self, record: Record, today: date) -> dict[str, str | None]:
        """Standardise one record; the same form as `clean` gives it.

        Args:
            record: Values of `FIELDS` and numbers of other registers; an absent one counts as missing, others are not
                looked at.
            today: As for `clean`.

        Returns:
            A value for each of CLEANED_COLUMNS.
        """
        cleaned = self._standardised(record, today) | self._further(record, today)
        return {name: cleaned[name] for name in CLEANED_COLUMNS}

    def _further(self, record: Record, today: date) -> dict[str, str | None]:
        """As `further.with_further` says."""
        of_source = {name: record.get(name) for name in SOURCE_IDENTITY_COLUMNS}
        former = [name for place in PLACES for name in (record.get(f"previous_last_name{place}") or "").split(";")]
        names = [
            self._standardised(of_source | {"last_name": name}, today)["last_name"] for name in former if name.strip()
        ]
        homes: list[str | None] = []
        for place in PLACES:
            own = {name: record.get(f"other_{name}{place}") for name in ("address", "city", "state", "zip_code")}
            if (own["address"] or "").strip():
                found = self._standardised(of_source | own, today)
                where = found["zip_code"] or found["city"]
                homes.append(found["address"] and found["address"] + (f", {where}" if where else ""))
        numbers = []
        source = record.get("data_source") or ""
        for name in sorted(record):
            number = record[name]
            if not name.startswith(IDENTIFIER_PREFIX) or not is_person_column(name) or not (number or "").strip():
                continue
            if not (source in self._sources and self._sources[source].pass_through):
                number = _only_row(self._identifier.run([{"identifier": number, _DAY: today.isoformat()}]))[
                    "identifier"
                ]
            numbers.append(number and f"{name.removeprefix(IDENTIFIER_PREFIX)}:{number}")
        lists = {"previous_last_names": names, "other_addresses": homes, "identifiers": numbers}
        return {column: _together(values) for column, values in lists.items()}

    def _standardised(self, record: Record, today: date) -> dict[str, str | None]:
        """The standard columns, and what is set apart from them."""
        values: dict[str, str | None] = {name: record.get(name) or None for name in PERSON_RECORD_COLUMNS}
        for column, keys in EXTRA_KEYS.items():
            values[column] = next((record[key] for key in keys if record.get(key)), None)
        source = values["data_source"] or ""
        if source in self._sources and self._sources[source].pass_through:
            return _passed_through(values)
        for column in DATE_COLUMNS:
            values[f"{column}_order"] = order_of(source, column, self._sources, self._date_orders)
        day = today.isoformat()
        values |= _only_row(self._before.run([values | {_DAY: day}]))
        outputs: dict[str, str | None] = {}
        for group in GROUPS:
            asked = tuple(
                outputs[key.removeprefix("clean_")] if key.startswith("clean_") else values[key] for key in group.keys
            )
            nothing: dict[str, str | None] = dict.fromkeys(group.outputs)
            outputs |= nothing if asked[0] is None else self._cleaned(group.name, day, asked)
        outputs |= _only_row(self._after.run([outputs]))
        outputs |= {name: values[name] for name in SOURCE_IDENTITY_COLUMNS}
        return outputs


def _together(values: Sequence[str | None]) -> str | None:
    return "|".join(dict.fromkeys(value.replace("|", " ") for value in values if value)) or None


class _Chains:
    """Makes standing queries of stages."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._functions = {
            name: add_function(con, _standard_form(words), ["varchar"], "varchar")
            for name, words in VOCABULARIES.items()
        }

    def of_group(self, group: Group) -> StandingQuery:
        return self.of(group.keys, group.start, group.outputs, group.stages)

    def of(
        self, keys: Sequence[str], start: Mapping[str, str], outputs: Sequence[str], stages: Sequence[Stage]
    ) -> StandingQuery:
        """A chain of stages over one record; its working columns are what `start` makes of the keys, else the keys."""
        columns = start or dict(zip(keys, keys, strict=True))
        started = ", ".join(f"{expression} as {column}" for column, expression in columns.items())
        query = chain(
            f"(select {_DAY}, {TICKET}, {started} from {INCOMING}) as started",
            [_DAY, TICKET],
            list(columns),
            stages,
            looked_up=self._called,
        )
        # A column, because the query outlives the day.
        query = f"select {', '.join([*(outputs or columns), TICKET])} from ({query}) as cleaned".replace(
            CLEANING_DAY, _DAY
        )
        return StandingQuery(self._con, query, pa.schema(dict.fromkeys([*keys, _DAY], pa.string())))

    def _called(self, query: str, columns: Sequence[str], lookups: Sequence[Lookup]) -> str:
        """As `stages.joined`, without a join."""
        standards = [f"{self._functions[lookup.vocabulary]}({lookup.key}) as {lookup.alias}" for lookup in lookups]
        return f"select {', '.join([*columns, *standards])}\nfrom ({query}) as input"


def _standard_form(words: Mapping[str, str]) -> Callable[[str | None], str | None]:
    return lambda word: None if word is None else words.get(word)


def _only_row(rows: Sequence[dict[str, str | None]]) -> dict[str, str | None]:
    (row,) = rows
    return row


def _passed_through(values: Record) -> dict[str, str | None]:
    """As `queries.passed_through` says."""
    taken = dict(values)
    for name in ATTRIBUTE_COLUMNS:
        if (values[name] or "").lower() in REFERENCE_MISSING_WORDS:
            taken[name] = None
    taken |= {column: values[name] if name else None for column, name in DERIVED.items()}
    return taken
