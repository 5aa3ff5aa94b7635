"""The best candidates for one incoming record: cleaned, looked up, scored and explained as a batch would."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from empi_pipeline.cleaning import SourceCleaning
from empi_pipeline.cleaning.learnt_orders import known_date_orders
from empi_pipeline.cleaning.one_record import FIELDS, RecordCleaner
from empi_pipeline.errors import NotFoundError
from empi_pipeline.linkage import blocking_lookups, explain, key_index, registry
from empi_pipeline.linkage.one_record import RecordScorer, ScoredRecord
from empi_pipeline.linkage.pair_explanation import verdict
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.lookup.guarding import RecordGuard
from empi_pipeline.lookup.result import InvalidRecordError, Match, MatchedRecord, PersonMatched
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import is_person_column
from empi_pipeline.scratch import lock, open_scratch
from empi_pipeline.settings import Settings
from empi_pipeline.sql import load
from empi_pipeline.standing import SCRATCH

_MOST_RECORDS: Final = 500
"""Of a larger person, not every record is looked at for conflicts."""

_IDENTIFIES_NOBODY: Final = {"data_source", "source_person_id"}


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that is in memory for one state of the index.

    Attributes:
        state: What it was made from (`lookup/state.sql`).
        registered: The active model.
        lookups: Its blocking keys to look up.
        cleaner: Cleans.
        scorer: Scores.
        guard: Finds conflicts; None where the model or the settings have no guards.
    """

    state: tuple[Any, ...]
    registered: RegisteredModel
    lookups: Sequence[tuple[str, str]]
    cleaner: RecordCleaner
    scorer: RecordScorer
    guard: RecordGuard | None


class Matcher:
    """Finds the persons an incoming record may be about. Stores nothing, writes nothing.

    Keeps a small DuckDB, and what the active model has learnt, in memory: values of records are among it. It follows
    the index: with another active model, a withdrawal or a newly learnt date order it makes itself anew, in a second
    or two.

    Safe to share between threads, which then wait for one another; for answers in parallel, use several. The
    connection is the caller's, one a thread.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing is read yet; the first match takes the longest."""
        self._sources = {
            name: SourceCleaning(date_format=source.date_format, pass_through=source.cleaning == "pass_through")
            for name, source in settings.data_sources.items()
        }
        self._guards = settings.guards.hard_conflicts
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._ready: _Ready | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the memory."""
        with self._lock:
            self._ready = None
            self._open.close()

    def match(
        self, connection: Connection, fields: Mapping[str, str | None], *, most: int = 10, above: float | None = None
    ) -> Match:
        """The persons a record may be about, the likeliest first.

        Args:
            connection: An open connection; in a repeatable-read transaction the answer is one moment's.
            fields: Values as a source would deliver them, by column (`cleaning.one_record.FIELDS`); missing ones may be
                left out. `data_source` tells how dates are written and what is not to be cleaned.
            most: At most so many persons.
            above: Only records of a higher probability; the model's potential threshold when None.

        Raises:
            InvalidRecordError: A field is unknown, a value is no text, or there is nothing to compare.
            NotFoundError: No model is active: the index never took in a record.
            ScoringError: The engine failed.
        """
        _refuse_unusable(fields)
        with self._lock:
            ready = self._current(connection)
            model = ready.registered.model
            limit = model.potential_threshold if above is None else above
            record = ready.cleaner.clean(fields, datetime.now(UTC).date())
            keys = ready.scorer.blocking_keys(record)
            candidates = key_index.candidates_of_one(connection, ready.registered.model_id, keys, ready.lookups)
            scored = ready.scorer.score(record, candidates, limit)
            persons = _persons(connection, ready, record, scored, most)
        return Match(
            ready.registered.model_id,
            model.name,
            model.potential_threshold,
            model.auto_threshold,
            len(candidates),
            persons,
        )

    def _current(self, connection: Connection) -> _Ready:
        state = connection.execute(load("lookup/state")).fetchone()
        if state is None:
            raise NotFoundError("no match model is active yet: load some records first")
        if self._ready is None or self._ready.state != state:
            self._ready = None
            self._open.close()
            scratch = self._open.enter_context(open_scratch(**SCRATCH))
            self._ready = self._made(connection, scratch, state)
            lock(scratch)
        return self._ready

    def _made(self, connection: Connection, scratch: duckdb.DuckDBPyConnection, state: tuple[Any, ...]) -> _Ready:
        registered = registry.get(connection, state[0])
        learnt = registry.term_frequencies(connection, registered.model_id)
        return _Ready(
            state,
            registered,
            blocking_lookups(registered.model),
            RecordCleaner(scratch, self._sources, known_date_orders(connection)),
            RecordScorer(scratch, registered.model, learnt),
            RecordGuard(scratch, learnt) if registered.guards and self._guards else None,
        )


def _refuse_unusable(fields: Mapping[str, str | None]) -> None:
    unknown = [name for name in fields if name not in FIELDS and not is_person_column(name)]
    if unknown:
        # Not their names: with columns shifted by one, a name is a value.
        raise InvalidRecordError(f"{len(unknown)} unknown field(s); known are {', '.join(FIELDS)}")
    wrong = sorted(name for name, value in fields.items() if value is not None and not isinstance(value, str))
    if wrong:
        raise InvalidRecordError(f"values must be text or missing, which is not so of {', '.join(wrong)}")
    if not any(value and value.strip() for name, value in fields.items() if name not in _IDENTIFIES_NOBODY):
        raise InvalidRecordError(
            "the record says nothing about a person: give at least a name, date, number or address"
        )


def _persons(
    connection: Connection,
    ready: _Ready,
    record: Mapping[str, str | None],
    scored: Sequence[ScoredRecord],
    most: int,
) -> tuple[PersonMatched, ...]:
    if not scored or most < 1:
        return ()
    rows = connection.execute(load("lookup/persons_of_records"), {"record_ids": [each.record_id for each in scored]})
    person_of: dict[int, str] = dict(rows.fetchall())
    by_person: dict[str, list[ScoredRecord]] = {}
    for each in scored:
        if each.record_id in person_of:
            by_person.setdefault(person_of[each.record_id], []).append(each)
    likeliest = dict(list(by_person.items())[:most])
    asked = {"person_ids": list(likeliest), "most_records": _MOST_RECORDS}
    found = connection.execute(load("lookup/records_of_persons"), asked)
    names = [column.name for column in found.description or []]
    known = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    conflicts = ready.guard.conflicts(record, known) if ready.guard else {}
    return tuple(
        _person(
            ready.registered, person_id, records, [each for each in known if each["person_id"] == person_id], conflicts
        )
        for person_id, records in likeliest.items()
    )


def _person(
    registered: RegisteredModel,
    person_id: str,
    scored: Sequence[ScoredRecord],
    known: Iterable[Mapping[str, Any]],
    conflicts: Mapping[int, str],
) -> PersonMatched:
    best, model = scored[0], registered.model
    places = {each["record_id"]: each for each in known}
    told = explain(model, best.levels, best.weights)
    # Weights of comparisons are single precision, as those that are stored; the sum is not.
    told = replace(told, match_weight=best.match_weight, match_probability=best.match_probability)
    return PersonMatched(
        person_id,
        best.match_weight,
        best.match_probability,
        verdict(best.match_probability, model.potential_threshold, model.auto_threshold),
        next((conflicts[record_id] for record_id in places if record_id in conflicts), None),
        told,
        tuple(
            MatchedRecord(
                each.record_id,
                places[each.record_id]["data_source"],
                places[each.record_id]["source_person_id"],
                each.match_weight,
                each.match_probability,
            )
            for each in scored
            if each.record_id in places
        ),
    )
