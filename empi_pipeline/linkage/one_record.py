"""Scores one record against a few of the index within milliseconds, with the expressions that score a batch.

A batch goes through a dozen statements, each planned anew, which takes far longer than to score a few hundred pairs.
Here features, keys, blocking rules and Splink's expressions are queries that are kept running (`standing.py`).
"""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.blocking import key_columns
from empi_pipeline.linkage.compiled import ORDER_COLUMN, CompiledModel, compiled
from empi_pipeline.linkage.features import FEATURES, record_features_query
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.name_features import NameFeatures
from empi_pipeline.linkage.prepared import content_order
from empi_pipeline.linkage.scoring import failures_without_values
from empi_pipeline.linkage.shared_values import SharedValues
from empi_pipeline.linkage.splink_sql import pair_scoring_sql
from empi_pipeline.linkage.term_frequency import average_frequencies, learnt_factors
from empi_pipeline.schema import CLEANED_COLUMNS
from empi_pipeline.standing import INCOMING, TICKET, StandingQuery, add_function

Cleaned = Mapping[str, str | None]
"""Cleaned values by column."""

NEW: Final = 0
"""Stands for the record id of the incoming record, which has none; those of the index begin with 1."""

_ARROW: Final = {
    "varchar": pa.string(),
    "varchar[]": pa.list_(pa.string()),
    "smallint": pa.int16(),
    "smallint[]": pa.list_(pa.int16()),
}
"""Types of columns a model may use."""

_RECORDS: Final = pa.schema(
    [
        ("record_id", pa.int64()),
        *((name, pa.string()) for name in CLEANED_COLUMNS),
        ("given_words", pa.list_(pa.string())),
        ("given_sound", pa.string()),
        ("given_sets", pa.list_(pa.int16())),
        ("family_words", pa.list_(pa.string())),
        ("family_sound", pa.string()),
    ]
)
"""What `sql/linkage/record_features.sql` reads."""


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """A record of the index against the incoming one, as a batch would have scored the pair.

    Attributes:
        record_id: The record of the index.
        match_weight: Bits, prior included.
        match_probability: From the weight.
        levels: One a comparison of the model, -1 where a value is missing.
        weights: Bits, one a comparison.
    """

    record_id: int
    match_weight: float
    match_probability: float
    levels: tuple[int, ...]
    weights: tuple[float, ...]


class RecordScorer:
    """One model with what it has learnt, ready to score. Not for several threads at once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, model: MatchModel, learnt: pa.Table) -> None:
        """Make the queries.

        Args:
            con: A DuckDB connection opened as `standing.SCRATCH` says, not used by anything else while a record is
                scored.
            model: The match model.
            learnt: What is frozen into it (`term_frequencies`).
        """
        self._model = compiled(model)
        self._shared = SharedValues(learnt)
        self._names = NameFeatures(con)
        frequencies = _FrozenFrequencies(model, learnt).as_columns(con)
        order = [] if self._model.symmetric else [content_order(self._model)]
        self._keys = _features(con, self._model, key_columns(self._model.keys))
        self._features = _features(con, self._model, [*frequencies, *order])
        self._scores = _scores(con, model, learnt_factors(learnt), list(average_frequencies(model)))

    def blocking_keys(self, record: Cleaned) -> dict[str, int | None]:
        """The keys of a cleaned record, as `blocking_keys` makes them.

        Raises:
            ScoringError: The engine failed.
        """
        with failures_without_values():
            (found,) = self._keys.run([self._seen({**record, "record_id": NEW})])
        return {key.name: found[key.name] for key in self._model.keys}

    def score(self, record: Cleaned, candidates: Sequence[Mapping[str, Any]], above: float) -> list[ScoredRecord]:
        """Score a cleaned record against those of the index that a blocking rule finds, the likeliest first.

        Args:
            record: The cleaned record.
            candidates: record_id and the cleaned columns of records of the index; the rules decide, as in a batch.
            above: Only those of a higher probability.

        Raises:
            ScoringError: The engine failed.
        """
        if not candidates:
            return []
        with failures_without_values():
            rows = [self._seen(each) for each in ({**record, "record_id": NEW}, *candidates)]
            new, *others = self._features.run(rows)
            uid = self._model.unique_id
            # Of a model that is not symmetric the sides follow the content, as in a batch.
            pairs = [(new, other) if new[uid] < other[uid] else (other, new) for other in others]
            scored = self._scores.run([{"l": left, "r": right} for left, right in pairs])
        found = [
            ScoredRecord(
                row["record_id_r"],
                row["match_weight"],
                row["match_probability"],
                tuple(row["levels"]),
                tuple(row["weights"]),
            )
            for row in scored
            if row["is_found"] and row["match_probability"] > above
        ]
        return sorted(found, key=lambda each: (-each.match_weight, each.record_id))

    def _seen(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record as the model sees it, with what its names tell."""
        seen = self._shared.without(record)
        given, family = self._names.of(seen["first_name"]), self._names.of(seen["last_name"])
        return seen | {
            "given_words": given.words,
            "given_sound": given.sound,
            "given_sets": given.sets,
            "family_words": family.words,
            "family_sound": family.sound,
        }


class _FrozenFrequencies:
    """How common a value is, as frozen into a model; what it has never seen is at least as rare as the rarest."""

    def __init__(self, model: MatchModel, learnt: pa.Table) -> None:
        self._averages = average_frequencies(model)
        self._known: dict[str, dict[str, float]] = {column: {} for column in self._averages}
        columns = (learnt[name].to_pylist() for name in ("column_name", "value", "frequency"))
        for column, value, frequency in zip(*columns, strict=True):
            if column in self._known:
                self._known[column][value] = frequency
        self._unseen = {
            column: min([*self._known[column].values(), average]) for column, average in self._averages.items()
        }

    def of(self, column: str, value: str | None) -> float | None:
        return None if value is None else self._known[column].get(value, self._unseen[column])

    def as_columns(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """Select expressions of the `tf_` columns."""
        name = add_function(con, self.of, ["varchar", "varchar"], "double")
        return [f'{name}(\'{column}\', cast("{column}" as varchar)) as "tf_{column}"' for column in self._averages]


def _features(con: duckdb.DuckDBPyConnection, ready: CompiledModel, extra: Sequence[str]) -> StandingQuery:
    query = record_features_query(ready.columns, [*extra, TICKET])
    return StandingQuery(con, f"with records_with_names as (select * from {INCOMING}) {query}", _RECORDS)


def _scores(
    con: duckdb.DuckDBPyConnection, model: MatchModel, factors: Mapping[str, float], frequency_columns: Sequence[str]
) -> StandingQuery:
    ready = compiled(model)
    found = " or ".join(f"({rule})" for rule in ready.rules)
    left, right = ("l", "r") if ready.symmetric else (_with_order("l"), _with_order("r"))
    pairs = (
        f"(select {{'ticket': {TICKET}, 'is_found': coalesce({found}, false)}} as match_key,"
        f" {left} as l, {right} as r from {INCOMING})"
    )
    scores = pair_scoring_sql(model, factors, pairs)
    columns = pa.struct(
        [
            pa.field("record_id", pa.int64()),
            *(pa.field(name, _ARROW[FEATURES.get(name, "varchar")]) for name in ready.columns),
            *(pa.field(f"tf_{name}", pa.float64()) for name in frequency_columns),
        ]
    )
    return StandingQuery(
        con,
        f"select match_key.{TICKET}, match_key.is_found, * exclude (match_key) from ({scores}) as scored",
        pa.schema([("l", columns), ("r", columns)]),
    )


def _with_order(side: str) -> str:
    """Of the unique id that sorts by content only the record's own number is read; the sides are chosen already."""
    return f"struct_insert({side}, {ORDER_COLUMN} := cast({side}.record_id as uhugeint))"
