"""Training: from cleaned records to a new match model, and what is to be told about it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage.compiled import compiled
from empi_pipeline.linkage.model import FAMILY, MatchModel
from empi_pipeline.linkage.scoring import predict_all
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.linkage.term_frequency import family_share, plain_frequencies, term_frequencies
from empi_pipeline.linkage.training.blocked_pairs import RuleEstimate, estimate_by_rules, median_of
from empi_pipeline.linkage.training.decided_pairs import JudgedShares, decided_shares, labelled_shares
from empi_pipeline.linkage.training.pairs import training_table
from empi_pipeline.linkage.training.parameters import (
    Floats,
    Parameters,
    bounded,
    compared_levels,
    held_where_unseen,
    parameters_of,
    settings_with,
    shrunk_m,
    shrunk_u,
    with_u,
)
from empi_pipeline.linkage.training.random_pairs import chance_agreements
from empi_pipeline.linkage.training.report import LevelReport, RuleReport, TrainingReport
from empi_pipeline.linkage.training.sampling import one_each, sampled
from empi_pipeline.linkage.training.side_by_side import side_by_side
from empi_pipeline.linkage.validation import validated_model

LABEL_SCHEMA: Final = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64()), ("is_match", pa.bool_())])
"""Judged pairs: of one human, or not."""

_PRIOR_ROUNDS: Final = 20


class TrainingError(EmpiError):
    """There is nothing to train from."""


@dataclass(frozen=True, slots=True)
class TrainingChoices:
    """How to train.

    Attributes:
        seed: Another seed, another sample. The same seed and records give the same model.
        most_records: Records to sample.
        random_records: Records (of different humans) of which all pairs are compared for u.
        most_pairs: Pairs of a training rule beyond which a part of them must do.
        learns_prior: Whether the trained model takes the prior it found. It falls as an index grows: a prior learned
            on few records is too generous for many.
        minds_shared_values: Whether values that many humans share count as missing, as they do for models with guards.
    """

    seed: int = 1
    most_records: int = 100_000
    random_records: int = 2_000
    most_pairs: int = 2_000_000
    learns_prior: bool = False
    minds_shared_values: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs that somebody judged, with their cleaned records.

    Attributes:
        records: `record_id` and the cleaned columns.
        labels: A fair sample of true pairs (`LABEL_SCHEMA`).
        decisions: What stewards decided among the doubtful pairs (`LABEL_SCHEMA`).
    """

    records: pa.Table
    labels: pa.Table
    decisions: pa.Table


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model and its report; registered nowhere yet."""

    model: MatchModel
    report: TrainingReport


def train(
    con: duckdb.DuckDBPyConnection,
    cleaned: pa.Table,
    start: MatchModel,
    name: str,
    choices: TrainingChoices | None = None,
    judged: Judged | None = None,
) -> Trained:
    """Trains a model from records.

    Every estimate is drawn towards the start model as far as few data support it, a level that the data do not show
    keeps its place, and none moves by more than `MOST_BITS`. So no data, however odd, break a model.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        cleaned: `record_id` and the cleaned columns.
        start: Comparisons, blocking rules and thresholds stay; its probabilities are what estimates start from.
        name: Of the new model.
        choices: How to train.
        judged: Pairs that somebody judged.

    Raises:
        TrainingError: There are no records.
    """
    choices = choices or TrainingChoices()
    if cleaned.num_rows < 2:
        raise TrainingError("a model is trained from records: load some first")
    sample = sampled(con, cleaned, choices.seed, choices.most_records)
    learn = term_frequencies if choices.minds_shared_values else plain_frequencies
    frequencies = learn(con, sample, start)
    sample = without_shared_values(sample, frequencies)
    share = family_share(frequencies)
    ready = compiled(start)
    before = parameters_of(start)

    humans = one_each(con, start, frequencies, sample.slice(0, 2 * choices.random_records), choices.random_records)
    with training_table(con, humans, ready) as table:
        counted = chance_agreements(con, table, ready, before)
    parameters = [shrunk_u(each, *counted[each.name]) if each.name in counted else each for each in before]

    with training_table(con, sample, ready) as table:
        used = [
            _among_families(each, comparison, share)
            for each, comparison in zip(parameters, start.comparisons, strict=True)
        ]
        estimates = estimate_by_rules(con, table, ready, start.comparisons, used, choices.most_pairs)
    by_label, by_decision = _judged_shares(con, start, frequencies, sample, judged, before)

    trained = []
    for old, each in zip(before, parameters, strict=True):
        by_chance = counted[each.name][0] > 0 if each.name in counted else np.zeros(len(each.m), bool)
        by_truth = np.zeros(len(each.m), bool)
        new = each
        for shares, matches in _evidence(each, estimates, by_label, by_decision):
            new = shrunk_m(new, shares, matches)
            by_truth |= shares * matches >= 0.5
        trained.append(bounded(old, held_where_unseen(old, new, by_chance, by_truth)))

    prior = float(start.settings["probability_two_random_records_match"])
    learned = _learned_prior(con, start, trained, prior, frequencies, sample)
    kept = learned if choices.learns_prior else prior
    model = _model(start, name, trained, kept)
    report = TrainingReport(
        seed=choices.seed,
        records=cleaned.num_rows,
        sampled_records=sample.num_rows,
        random_records=humans.num_rows,
        family_share=share,
        prior_start=prior,
        prior_learned=learned,
        prior=float(model.settings["probability_two_random_records_match"]),
        labelled_pairs=by_label.pairs,
        labelled_matches=by_label.matches,
        decided_pairs=by_decision.pairs,
        decided_matches=by_decision.matches,
        rules=[_rule_report(each) for each in estimates],
        levels=[
            level
            for old, new in zip(before, trained, strict=True)
            for level in _level_reports(old, new, estimates, counted.get(old.name))
        ],
        beside=side_by_side(con, start, model, frequencies, sample),
    )
    return Trained(model, report)


def _judged_shares(
    con: duckdb.DuckDBPyConnection,
    start: MatchModel,
    frequencies: pa.Table,
    sample: pa.Table,
    judged: Judged | None,
    parameters: list[Parameters],
) -> tuple[JudgedShares, JudgedShares]:
    nothing = JudgedShares({}, 0, 0)
    if judged is None:
        return nothing, nothing
    by_label = labelled_shares(con, start, frequencies, judged.records, judged.labels, parameters)
    if not judged.decisions.num_rows:
        return by_label, nothing
    scored = predict_all(con, start, frequencies, sample)
    by_decision = decided_shares(con, start, frequencies, judged.records, judged.decisions, scored, parameters)
    return by_label, by_decision


def _evidence(
    of: Parameters, estimates: Sequence[RuleEstimate], by_label: JudgedShares, by_decision: JudgedShares
) -> list[tuple[Floats, float]]:
    """What is known of the m of a comparison, the weakest first: shares of its levels, and the pairs behind them."""
    found = [median_of(estimates, of)]
    for judged in (by_decision, by_label):
        counts = judged.shares.get(of.name)
        if counts is not None and counts.sum() > 0:
            found.append((counts / counts.sum(), min(float(judged.pairs), float(counts.sum()))))
    return [each for each in found if each is not None]


def _among_families(of: Parameters, comparison: Mapping[str, object], share: float) -> Parameters:
    """Probabilities as scoring uses them: u of levels about relatives is multiplied by the family share."""
    levels = compared_levels(comparison)
    return with_u(
        of,
        np.array(
            [
                u * share if level.get("tf_adjustment_column") == FAMILY else u
                for u, level in zip(of.u, levels, strict=True)
            ]
        ),
    )


def _learned_prior(
    con: duckdb.DuckDBPyConnection,
    start: MatchModel,
    trained: list[Parameters],
    prior: float,
    frequencies: pa.Table,
    sample: pa.Table,
) -> float:
    """The share of true pairs among all pairs: EM for the prior alone, over the pairs that blocking finds."""
    every = validated_model(
        start.name, settings_with(start, trained, prior), 0.0, 1.0, term_frequency_prior=start.term_frequency_prior
    )
    scored = predict_all(con, every, frequencies, sample)
    evidence = np.sort(scored["match_weight"].to_numpy()) - _bits(prior)
    pairs = sample.num_rows * (sample.num_rows - 1) / 2
    learned = prior
    for _ in range(_PRIOR_ROUNDS):
        odds = np.clip(evidence + _bits(learned), -1000.0, 1000.0)
        found = math.fsum((1.0 / (1.0 + 2.0**-odds)).tolist()) / pairs
        learned = min(max(found, 1e-9), 0.5)
    return float(f"{learned:.8e}")


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))


def _model(start: MatchModel, name: str, parameters: list[Parameters], prior: float) -> MatchModel:
    return validated_model(
        name,
        settings_with(start, parameters, prior),
        start.potential_threshold,
        start.auto_threshold,
        term_frequency_prior=start.term_frequency_prior,
    )


def _rule_report(estimate: RuleEstimate) -> RuleReport:
    return RuleReport(estimate.rule, estimate.pairs, estimate.match_share, list(estimate.shares), estimate.skipped)


def _level_reports(
    old: Parameters, new: Parameters, estimates: Sequence[RuleEstimate], counted: tuple[Floats, int] | None
) -> list[LevelReport]:
    return [
        LevelReport(
            comparison=old.name,
            level=label,
            m_start=float(old.m[at]),
            u_start=float(old.u[at]),
            m=float(new.m[at]),
            u=float(new.u[at]),
            keeps_m=bool(old.keeps_m[at]),
            keeps_u=bool(old.keeps_u[at]),
            estimates=[
                (number, float(f"{estimate.shares[old.name][at]:.6e}"))
                for number, estimate in enumerate(estimates)
                if old.name in estimate.shares
            ],
            chance_agreements=int(counted[0][at]) if counted else 0,
        )
        for at, label in enumerate(old.labels)
    ]
