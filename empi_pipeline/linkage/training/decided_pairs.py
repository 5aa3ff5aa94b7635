"""m from pairs that somebody judged: a labelled sample, or the decisions of stewards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.scoring import predict_pairs
from empi_pipeline.linkage.training.parameters import Floats, Parameters

FEWEST_PAIRS: Final = 30
"""Fewer judged pairs say nothing."""

FEWEST_OF_STRATUM: Final = 5
"""A stratum with fewer decisions counts as the model counts it."""

_STRATUM_BITS: Final = 2.0


@dataclass(frozen=True, slots=True)
class JudgedShares:
    """m as judged pairs say it.

    Attributes:
        shares: By comparison: the weight of true pairs at each level; empty when there were too few.
        pairs: Judged pairs it rests on.
        matches: Those judged to be one human.
    """

    shares: Mapping[str, Floats]
    pairs: int
    matches: int


def labelled_shares(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    frequencies: pa.Table,
    records: pa.Table,
    labels: pa.Table,
    parameters: list[Parameters],
) -> JudgedShares:
    """Count the levels of pairs that are known to be one human, which is m.

    Args:
        con: A DuckDB connection (scratch).
        model: Its comparisons are counted.
        frequencies: Of the model.
        records: `record_id` and the cleaned columns of the labelled records.
        labels: record_id_l, record_id_r, is_match. The matches must be a fair sample of all true pairs; pairs that are
            no match say nothing of m, and being look-alikes nothing of u.
        parameters: Of the model.
    """
    matches = labels.filter(labels["is_match"])
    if matches.num_rows < FEWEST_PAIRS:
        return JudgedShares({}, labels.num_rows, matches.num_rows)
    scored = predict_pairs(con, model, frequencies, records, matches)
    weights = np.ones(scored.num_rows)
    return JudgedShares(_counted(scored, weights, parameters), labels.num_rows, matches.num_rows)


def decided_shares(
    con: duckdb.DuckDBPyConnection,
    model: MatchModel,
    frequencies: pa.Table,
    records: pa.Table,
    decisions: pa.Table,
    scored: pa.Table,
    parameters: list[Parameters],
) -> JudgedShares:
    """Estimate m by post-stratification: decisions speak for the pairs of about their weight.

    Stewards see the doubtful pairs, so counting what they confirmed would teach that people look like doubtful pairs.
    All pairs that the model scored are put into strata of two bits. In a stratum with decisions, the share confirmed
    is the share of true pairs, and the confirmed ones show their levels; elsewhere the model's probability counts.

    Args:
        con: A DuckDB connection (scratch).
        model: The start model.
        frequencies: Of the model.
        records: `record_id` and the cleaned columns of the decided records.
        decisions: record_id_l, record_id_r, is_match: must-links and cannot-links in force.
        scored: Predictions of the model within a sample of the records (`PREDICTION_SCHEMA`).
        parameters: Of the model.
    """
    confirmed = int(pc.sum(decisions["is_match"]).as_py() or 0)
    if decisions.num_rows < FEWEST_PAIRS or not scored.num_rows:
        return JudgedShares({}, decisions.num_rows, confirmed)
    judged = predict_pairs(con, model, frequencies, records, decisions)
    ends = pa.table(
        {
            "record_id_l": pc.min_element_wise(decisions["record_id_l"], decisions["record_id_r"]),
            "record_id_r": pc.max_element_wise(decisions["record_id_l"], decisions["record_id_r"]),
            "is_match": decisions["is_match"],
        }
    )
    judged = _joined(judged, ends)
    is_match = judged["is_match"].to_numpy(zero_copy_only=False).astype(bool)
    judged_stratum, stratum = _strata(judged), _strata(scored)
    weights = scored["match_probability"].to_numpy().copy()
    judged_weights = np.zeros(judged.num_rows)
    for number in np.unique(judged_stratum):
        here, decided = stratum == number, judged_stratum == number
        if decided.sum() < FEWEST_OF_STRATUM or not here.any():
            continue
        weights[here] = 0.0
        true = decided & is_match
        if true.any():
            judged_weights[true] = here.sum() * (true.sum() / decided.sum()) / true.sum()
    counted = [_counted(scored, weights, parameters), _counted(judged, judged_weights, parameters)]
    shares = {each.name: counted[0][each.name] + counted[1][each.name] for each in parameters}
    return JudgedShares(shares, judged.num_rows, confirmed)


def _joined(judged: pa.Table, ends: pa.Table) -> pa.Table:
    """Predictions with what was judged; Arrow cannot join tables with list columns."""
    said = {
        (left, right): is_match
        for left, right, is_match in zip(
            ends["record_id_l"].to_pylist(), ends["record_id_r"].to_pylist(), ends["is_match"].to_pylist(), strict=True
        )
    }
    pairs = zip(judged["record_id_l"].to_pylist(), judged["record_id_r"].to_pylist(), strict=True)
    return judged.append_column("is_match", pa.array([said[pair] for pair in pairs], pa.bool_()))


def _strata(scored: pa.Table) -> NDArray[np.int64]:
    weights: Floats = scored["match_weight"].to_numpy()
    return np.floor(weights / _STRATUM_BITS).astype(np.int64)


def _counted(scored: pa.Table, weights: Floats, parameters: list[Parameters]) -> dict[str, Floats]:
    """Weight at each level, from top to bottom, by comparison; pairs without values do not count."""
    levels = pc.list_flatten(scored["levels"]).to_numpy().reshape(scored.num_rows, len(parameters))
    counted = {}
    for at, of in enumerate(parameters):
        reached = levels[:, at] >= 0
        # Splink numbers levels from the bottom.
        from_top = len(of.m) - 1 - levels[reached, at]
        counted[of.name] = np.bincount(from_top, weights=weights[reached], minlength=len(of.m)).astype(float)
    return counted
