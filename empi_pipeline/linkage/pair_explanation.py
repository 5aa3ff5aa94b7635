"""Why two records of the index match or do not, also where they were never scored: as a batch would score them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import duckdb
import pyarrow as pa

from empi_pipeline import linkage
from empi_pipeline.errors import NotFoundError
from empi_pipeline.linkage import key_index, registry
from empi_pipeline.linkage.blocking import rules_that_find
from empi_pipeline.linkage.explanation import Explanation, explain
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

Verdict = Literal["auto-match", "potential match", "below the thresholds"]


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """Two records under one model.

    Attributes:
        record_id_l: The lower record id.
        record_id_r: The higher.
        model_id: The model.
        model_name: What it is called.
        explanation: Bits by comparison, prior, weight (to the last digit that of a batch), probability, sentence.
        potential_threshold: Probability from which (strictly above) a pair is a potential match.
        auto_threshold: Probability from which (strictly above) it is an auto-match.
        verdict: What the probability alone makes of the pair.
        rules: The model's blocking rules that compare the two; none, and no batch would ever score them.
        other_rules: How many do not.
    """

    record_id_l: int
    record_id_r: int
    model_id: int
    model_name: str
    explanation: Explanation
    potential_threshold: float
    auto_threshold: float
    verdict: Verdict
    rules: Sequence[str]
    other_rules: int


def explain_records(
    connection: Connection, scratch: duckdb.DuckDBPyConnection, registered: RegisteredModel, left: int, right: int
) -> PairExplanation:
    """Score two records with a model and say why.

    Args:
        connection: An open connection.
        scratch: A DuckDB of its own.
        registered: The model; its frozen term frequencies count. One that is not frozen takes averages.
        left: A record id.
        right: Another.

    Raises:
        NotFoundError: A record is not there, or not cleaned.
    """
    records = cleaned_of_records(connection, [left, right])
    known = set(records["record_id"].to_pylist())
    for record_id in (left, right):
        if record_id not in known:
            raise NotFoundError(f"there is no cleaned record {record_id}: withdrawn, or its batch is not through yet")
    frequencies = registry.term_frequencies(connection, registered.model_id)
    return explained(scratch, registered, frequencies, records, left, right)


def explained(
    scratch: duckdb.DuckDBPyConnection,
    registered: RegisteredModel,
    frequencies: pa.Table,
    records: pa.Table,
    left: int,
    right: int,
) -> PairExplanation:
    """The same from cleaned records and term frequencies in hand."""
    pair = pa.table({"record_id_l": pa.array([left], pa.int64()), "record_id_r": pa.array([right], pa.int64())})
    model = registered.model
    (scored,) = linkage.predict_pairs(scratch, model, frequencies, records, pair).to_pylist()
    told = explain(model, scored["levels"], scored["weights"])
    # Weights are stored in single precision; the sum is not.
    told = replace(told, match_weight=scored["match_weight"], match_probability=scored["match_probability"])
    seen = linkage.without_shared_values(records, frequencies)
    rules = rules_that_find(scratch, seen, model, left, right)
    finding = [rule for rule, finds in rules if finds]
    return PairExplanation(
        scored["record_id_l"],
        scored["record_id_r"],
        registered.model_id,
        model.name,
        told,
        model.potential_threshold,
        model.auto_threshold,
        verdict(told.match_probability, model.potential_threshold, model.auto_threshold),
        finding,
        len(rules) - len(finding),
    )


def record_of_identity(connection: Connection, data_source: str, source_person_id: str) -> int:
    """The newest record of a source identity.

    Raises:
        NotFoundError: It has none in the index.
    """
    row = connection.execute(load("linkage/newest_record"), [data_source, source_person_id]).fetchone()
    if row is None:
        raise NotFoundError("the index has no record of this source identity")
    return int(row[0])


def cleaned_of_records(connection: Connection, record_ids: Sequence[int]) -> pa.Table:
    """The cleaned form of some records; what is not there is left out."""
    return copy_out(
        connection, load("linkage/cleaned_of_records"), key_index.CLEANED_SCHEMA, {"record_ids": list(record_ids)}
    )


def verdict(probability: float, potential: float, auto: float) -> Verdict:
    """What the probability alone makes of a pair."""
    # Strict, as everywhere: equal to a threshold is not above it.
    if probability > auto:
        return "auto-match"
    return "potential match" if probability > potential else "below the thresholds"
