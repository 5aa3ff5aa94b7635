"""The rates now and over time as a page."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from empi_pipeline.evaluation.history import Kept
from empi_pipeline.evaluation.page import Section, page, table
from empi_pipeline.evaluation.plots import Point, line_chart
from empi_pipeline.evaluation.rates import DIMENSIONS, Rate, Rates

TOLD: Final = {
    "duplicate": "duplicates within their source / source identities",
    "creation": "duplicates among new source identities / new ones",
    "overlap": "persons known to another source / persons",
    "overlay": "persons in an open overlay case / persons",
    "in_review": "persons in any open case / persons",
    "match": "matched with another identity / source identities",
    "review": "in an open case / source identities",
    "doubt": "in an open overlay case / source identities",
    "estimated_precision": "estimated from stewards' answers: pairs rightly in one person",
    "estimated_recall": "estimated from stewards' answers: scored matches found",
    "true_precision": "against known truth: pairs rightly in one person",
    "true_recall": "against known truth: pairs found",
    "true_f1": "against known truth: F1 of pairs",
    "true_overlay": "against known truth: persons with more than one human",
    "true_missed_in_review": "against known truth: missed pairs in review",
}
"""What each rate is over what."""

_CHARTS: Final = (
    ("AHIMA rates", ("duplicate", "creation", "overlap")),
    ("Doubt", ("overlay", "in_review", "true_overlay")),
    ("Precision and recall", ("estimated_precision", "estimated_recall", "true_precision", "true_recall")),
)


def rates_page(rates: Rates, past: Sequence[Kept], past_by_source: Sequence[Kept]) -> str:
    """The page.

    Args:
        rates: Now.
        past: The history of the whole index.
        past_by_source: The history by data source.
    """
    now = datetime.now(UTC)
    sections = [Section("Now", "Of the whole index.", rates_table(rates.of_dimension("all")))]
    sections += [
        Section(title, "; ".join(f"{_name(name)} = {TOLD[name]}" for name in names) + ".", _over_time(past, names))
        for title, names in _CHARTS
    ]
    sections += [
        Section(
            f"{title} by data source",
            TOLD[rate],
            _by_label([each for each in past_by_source if each.rate == rate]),
        )
        for rate, title in (
            ("duplicate", "Duplicates"),
            ("creation", "Creation of duplicates"),
            ("overlay", "Overlays"),
        )
    ]
    sections += [
        Section(
            f"Now, by {dimension.replace('_', ' ')}",
            "Groups differ for many reasons; a gap is a question, not a finding.",
            rates_table(rates.of_dimension(dimension)),
        )
        for dimension in DIMENSIONS
    ]
    return page("Rates of the index", sections, now)


def rates_table(rates: Sequence[Rate]) -> str:
    """Rates as an HTML table."""
    return table(
        ("rate", "group", "value", "of", "what is over what"),
        [(_name(each.rate), each.label, _percent(each), each.denominator, TOLD.get(each.rate, "")) for each in rates],
    )


def _name(rate: str) -> str:
    return rate.replace("_", " ")


def _percent(rate: Rate) -> str:
    told = f"{100 * rate.value:.3f}\u00a0%"
    return told if rate.low is None or rate.high is None else f"{told} ({100 * rate.low:.2f} to {100 * rate.high:.2f})"


def _over_time(past: Sequence[Kept], names: Sequence[str]) -> str:
    lines = {_name(name): _points([each for each in past if each.rate == name]) for name in names}
    drawn = {name: line for name, line in lines.items() if line}
    return line_chart(drawn, across="measured on (UTC)", up="rate", ticks=_ticks(past))


def _by_label(past: Sequence[Kept]) -> str:
    labels = sorted({each.label for each in past})
    lines = {label: _points([each for each in past if each.label == label]) for label in labels}
    return line_chart(lines, across="measured on (UTC)", up="rate", ticks=_ticks(past))


def _points(past: Sequence[Kept]) -> list[Point]:
    return [Point(each.measured_at.timestamp(), each.value, each.low, each.high) for each in past]


def _ticks(past: Sequence[Kept]) -> dict[float, str]:
    moments = sorted({each.measured_at for each in past})
    chosen = moments[:: max(1, len(moments) // 6)]
    of_one_day = len({moment.date() for moment in moments}) == 1
    return {moment.timestamp(): f"{moment:%Y-%m-%d %H:%M}" if of_one_day else f"{moment:%Y-%m-%d}" for moment in chosen}
