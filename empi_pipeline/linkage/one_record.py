"""Scores one record against a few of the index within milliseconds, with the SQL that scores a batch, planned once.

A batch goes through a dozen statements, each planned anew, which takes far longer than to score a few hundred pairs.
Here features, blocking rules and Splink's expressions are one statement.
"""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.blocking import key_columns
from empi_pipeline.linkage.compiled import CompiledModel, compiled
from empi_pipeline.linkage.features import features_query
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.nicknames import name_sets
from empi_pipeline.linkage.prepared import content_order
from empi_pipeline.linkage.scoring import failures_without_values
from empi_pipeline.linkage.shared_values import SharedValues
from empi_pipeline.linkage.splink_sql import LEFT, PAIRS, RIGHT, scoring_sql
from empi_pipeline.linkage.term_frequency import average_frequencies, learnt_factors
from empi_pipeline.planned import PlannedQuery
from empi_pipeline.schema import CLEANED_COLUMNS

Cleaned = Mapping[str, str | None]
"""Cleaned values by column."""

NEW: Final = 0
"""Stands for the record id of the incoming record, which has none; those of the index begin with 1."""

_CLEANED: Final = {"record_id": "bigint"} | dict.fromkeys(CLEANED_COLUMNS, "varchar")


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
        """Plan the queries; takes a second or so.

        Args:
            con: A DuckDB connection (scratch), not used by anything else while a record is scored. Functions of the
                names `frozen_frequency…` are made in it.
            model: The match model.
            learnt: What is frozen into it (`term_frequencies`).
        """
        self._shared = SharedValues(learnt)
        self._frequencies = _FrozenFrequencies(model, learnt)
        with failures_without_values():
            function = self._frequencies.as_function(con)
            self._keys = _planned_keys(con, compiled(model))
            self._scores = _planned_scores(con, model, learnt_factors(learnt), self._frequencies.columns, function)

    def blocking_keys(self, record: Cleaned) -> dict[str, int | None]:
        """The keys of a cleaned record, as `blocking_keys` makes them.

        Raises:
            ScoringError: The engine failed.
        """
        seen = self._shared.without({**record, "record_id": NEW})
        with failures_without_values():
            (keys,) = self._keys.run([seen])
        return keys

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
        rows = [self._shared.without(each) for each in ({**record, "record_id": NEW}, *candidates)]
        with failures_without_values():
            scored = self._scores.run(rows)
        found = [
            ScoredRecord(
                row["record_id_r"],
                row["match_weight"],
                row["match_probability"],
                tuple(row["levels"]),
                tuple(row["weights"]),
            )
            for row in scored
            if row["match_probability"] > above
        ]
        return sorted(found, key=lambda each: (-each.match_weight, each.record_id))


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

    @property
    def columns(self) -> list[str]:
        return list(self._averages)

    def of(self, column: str, value: str) -> float:
        return self._known[column].get(value, self._unseen[column])

    def as_function(self, con: duckdb.DuckDBPyConnection) -> str:
        name = f"frozen_frequency_{id(self)}"
        con.create_function(name, self.of, ["varchar", "varchar"], "double")
        return name


def _planned(con: duckdb.DuckDBPyConnection, query: str) -> PlannedQuery:
    return PlannedQuery(con, query, {"cleaned_records": _CLEANED}, {"name_sets": name_sets().to_pydict()})


def _planned_keys(con: duckdb.DuckDBPyConnection, ready: CompiledModel) -> PlannedQuery:
    names = ", ".join(key.name for key in ready.keys)
    return _planned(con, f"select {names} from ({features_query(ready.columns, key_columns(ready.keys))}) as with_keys")


def _planned_scores(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    factors: Mapping[str, float],
    frequency_columns: Sequence[str],
    frequency_function: str,
) -> PlannedQuery:
    """Scores of the record `NEW` against all others that a blocking rule finds."""
    ready = compiled(model)
    frequencies = [
        f'{frequency_function}(\'{column}\', cast("{column}" as varchar)) as "tf_{column}"'
        for column in frequency_columns
    ]
    features = features_query(ready.columns, [*frequencies, *([] if ready.symmetric else [content_order(ready)])])
    uid = ready.unique_id
    # Of a model that is not symmetric the sides follow the content, as in a batch.
    sides = f"l.record_id = {NEW}" if ready.symmetric else f"{NEW} in (l.record_id, r.record_id)"
    found = " or ".join(f"({rule})" for rule in ready.rules)
    scores = scoring_sql(model, factors, None).replace("$first", "0").replace("$end", "1").replace("$potential", "-1")
    return _planned(
        con,
        f"""
        with featured as materialized ({features}),
        {LEFT} as (select * from featured),
        {RIGHT} as (select * from featured),
        {PAIRS} as (
            select l.{uid} as join_key_l, r.{uid} as join_key_r, 0 as rowid
            from featured as l
            join featured as r on {sides} and l.{uid} < r.{uid}
            where {found}
        )
        select * from ({scores}) as scored
        """,
    )
