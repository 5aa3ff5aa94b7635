"""A match model as a page: what each level is worth, how it was trained, what it makes of the index and of examples."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline import linkage
from empi_pipeline.evaluation.example_pairs import EXAMPLES, example_records
from empi_pipeline.evaluation.model_charts import estimates_chart, levels_chart
from empi_pipeline.evaluation.page import Section, page, table, wide
from empi_pipeline.evaluation.plots import Point, line_chart
from empi_pipeline.evaluation.waterfall import waterfall_svg
from empi_pipeline.linkage.model_figures import RulePairs, rule_pairs, self_weights
from empi_pipeline.linkage.pair_explanation import PairExplanation, explained
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.linkage.training.of_index import Provenance
from empi_pipeline.linkage.training.parameters import parameters_of

_CURVE_POINTS: Final = 60


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What a report tells beyond the model itself.

    Attributes:
        records: Records of the index.
        sampled_records: Those that the following was found on.
        self_weights: Match weight of each with a copy of itself, ascending.
        rules: What each blocking rule compares among them.
        largest_blocks: Largest number of records with one value, by lookup of a rule: (rule, records).
        examples: The written pairs, as the model sees them.
    """

    records: int
    sampled_records: int
    self_weights: Sequence[float]
    rules: Sequence[RulePairs]
    largest_blocks: Sequence[tuple[str, int]]
    examples: Sequence[PairExplanation]

    def unlinkable(self, probability: float) -> float | None:
        """Share of records that not even a copy of themselves would match above a probability."""
        if not self.self_weights:
            return None
        return sum(_probability(weight) <= probability for weight in self.self_weights) / len(self.self_weights)


def model_figures(
    con: duckdb.DuckDBPyConnection,
    registered: RegisteredModel,
    frequencies: pa.Table,
    sample: pa.Table,
    records: int,
) -> ModelFigures:
    """Work out the figures of a report.

    Args:
        con: A DuckDB connection (scratch).
        registered: The model.
        frequencies: What it learnt (`registry.term_frequencies`); empty before it met records.
        sample: Cleaned records of the index.
        records: How many the index has.
    """
    model = registered.model
    seen = linkage.without_shared_values(sample, frequencies)
    blocks = linkage.block_sizes(con, linkage.blocking_keys(con, seen, model), model) if sample.num_rows else []
    invented = example_records()
    return ModelFigures(
        records,
        sample.num_rows,
        self_weights(con, model, frequencies, sample) if sample.num_rows else [],
        rule_pairs(con, seen, model) if sample.num_rows else [],
        [(each.rule, each.largest_block) for each in blocks],
        [
            explained(con, registered, frequencies, invented, 2 * number + 1, 2 * number + 2)
            for number in range(len(EXAMPLES))
        ],
    )


def model_page(registered: RegisteredModel, came: Provenance | None, figures: ModelFigures, made_at: datetime) -> str:
    """The report as a page that needs nothing from elsewhere."""
    model = registered.model
    sections = [
        Section(
            "Levels",
            f"Prior {model.settings['probability_two_random_records_match']:.3g}, potential match above"
            f" {model.potential_threshold:g}, auto-match above {model.auto_threshold:g}. m: chance that two records of"
            " one human reach the level; u: that records of two do; weight: log2(m / u).",
            levels_chart(parameters_of(model)),
        ),
        _training(came),
        _unlinkables(figures, model.potential_threshold, model.auto_threshold),
        _blocking(figures),
        *_examples(figures),
    ]
    return page(f"Match model {model.name} ({registered.model_id})", sections, made_at)


def _training(came: Provenance | None) -> Section:
    if came is None:
        return Section("Training", "This model was not trained here: it was shipped or supplied.", "")
    report = came.report
    rows = [
        (number, rule.rule, rule.pairs, rule.match_share, len(rule.comparisons), rule.skipped or "")
        for number, rule in enumerate(report.rules, start=1)
    ]
    told = (
        f"Trained from model {came.start_model_id} on {came.trained_at:%Y-%m-%d}, seed {report.seed}, on"
        f" {report.sampled_records:,} of {came.records:,} records; {report.labelled_pairs:,} labelled and"
        f" {report.decided_pairs:,} decided pairs. Prior found {report.prior_learned:.3g}, taken {report.prior:.3g}."
        " A level without a mark by a rule keeps its start, so the m of a comparison need not add up to 1."
    )
    if report.beside is not None:
        told += (
            f" On the sample, by score alone, it joins {report.beside.joined:,} pairs, {report.beside.gained:,} of them"
            f" not joined by the start, which joins {report.beside.lost:,} others; {report.beside.asked:,} pairs are"
            f" left to stewards (start: {report.beside.asked_by_start:,})."
        )
    rules = table(("no.", "rule", "pairs", "share of true pairs", "comparisons taught", "skipped"), rows)
    return Section("Training", told, estimates_chart(report.levels) + rules)


def _unlinkables(figures: ModelFigures, potential: float, auto: float) -> Section:
    if not figures.self_weights:
        return Section("Records that nothing can match", "The index has no records yet.", "")
    low, high = figures.self_weights[0], figures.self_weights[-1]
    step = (high - low) / _CURVE_POINTS or 1.0
    points = []
    for number in range(_CURVE_POINTS + 1):
        weight = low + number * step
        below = sum(each <= weight for each in figures.self_weights)
        points.append(Point(weight, below / len(figures.self_weights)))
    not_auto, not_potential = (100 * (figures.unlinkable(threshold) or 0) for threshold in (auto, potential))
    told = (
        f"Share of records whose copy would not pass a weight: they say too little. {not_auto:.2f} % cannot pass the"
        f" auto threshold, {not_potential:.2f} % not even the potential one ({figures.sampled_records:,} of"
        f" {figures.records:,} records looked at)."
    )
    chart = line_chart(
        {"records": points},
        across="match weight of a record with its copy, bits",
        up="records at or below it",
        marks={name: math.log2(at / (1 - at)) for name, at in (("potential", potential), ("auto", auto)) if 0 < at < 1},
        from_zero=True,
    )
    return Section("Records that nothing can match", told, chart)


def _blocking(figures: ModelFigures) -> Section:
    total = 0
    rows = []
    for each in figures.rules:
        total += each.new_pairs
        rows.append((each.rule, each.pairs, each.new_pairs, total))
    blocks = [(rule, size) for rule, size in sorted(figures.largest_blocks, key=lambda pair: -pair[1])]
    told = (
        f"Pairs among {figures.sampled_records:,} of {figures.records:,} records: by rule, new (in no rule above), and"
        " all together; among n times as many records about n squared times as many pairs. Largest block: records with"
        " one value of a rule's equalities."
    )
    body = table(("rule", "pairs", "new", "cumulative"), rows) + table(("equal in", "largest block"), blocks)
    return Section("Blocking", told, body)


def _examples(figures: ModelFigures) -> list[Section]:
    return [
        Section(
            f"Example: {example.title}",
            f"Invented people. {told.verdict.capitalize()}, by the score alone. {told.explanation.sentence}",
            wide(waterfall_svg(told.explanation, {"potential": told.potential_threshold, "auto": told.auto_threshold})),
        )
        for example, told in zip(EXAMPLES, figures.examples, strict=True)
    ]


def _probability(weight: float) -> float:
    return 1 / (1 + 2**-weight) if weight >= 0 else 2**weight / (1 + 2**weight)
