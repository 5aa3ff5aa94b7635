"""The comparison with known truth as a page."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from empi_pipeline.evaluation.against_truth import AgainstTruth
from empi_pipeline.evaluation.agreement import Agreement
from empi_pipeline.evaluation.page import Section, page, table
from empi_pipeline.evaluation.plots import Point, bar_chart, line_chart

KINDS: Final = {
    "shared_ssn": "one SSN on two humans",
    "parent_and_child": "parent and child of one name",
    "namesakes": "namesakes",
    "twins": "twins",
    "relatives_or_household": "relatives, household",
    "other": "other",
    "persons_of_very_many_humans": "persons of very many humans",
    "never_blocked": "never compared",
    "below_potential": "compared, found unlike",
    "potential_not_in_review": "potential match, not in review",
    "in_review": "in review",
    "refused_by_guard": "refused by a guard",
    "stopped_by_decision": "stopped by a decision",
    "humans_in_very_many_persons": "humans in very many persons",
}
"""Kinds of errors in plain words."""

_EACH_BIT_TO: Final = 10
"""Match weight up to which each bit is told: thresholds are chosen there."""

JOINED_BY: Final = {
    "auto_match": "an auto-match",
    "through_others": "other records between them",
    "decision": "a steward's decision",
}
"""What joined two humans, in plain words."""


def truth_page(found: AgainstTruth, truth_name: str) -> str:
    """The page.

    Args:
        found: What was measured.
        truth_name: Name of the file.
    """
    return page(f"The index against {truth_name}", _sections(found), datetime.now(UTC))


def false_joins_by_kind(found: AgainstTruth) -> list[tuple[str, int]]:
    """(kind, pairs), the most frequent first."""
    counts: Counter[str] = Counter()
    for each in found.false_joins:
        counts[each.kind] += each.pairs
    return counts.most_common()


def _sections(found: AgainstTruth) -> list[Section]:
    curve = sorted(found.thresholds, key=lambda each: each.above_bits)
    in_review = found.missed_in_review
    return [
        Section(
            "Figures",
            f"{found.in_index:,} of the {found.named:,} source identities that the truth names are in the index, which"
            f" has {found.indexed:,}. Only these are compared, with one another.",
            table(
                ("", "by source identity", "by record version"),
                zip(_NAMES, _figures(found.identities), _figures(found.records), strict=True),
            ),
        ),
        Section(
            "By threshold",
            "What joining each scored pair above a match weight (bits) would give, before clustering and guards.",
            line_chart(
                {
                    "precision": [Point(each.above_bits, each.precision) for each in curve],
                    "recall": [Point(each.above_bits, each.recall) for each in curve],
                },
                across="joining every scored pair above this match weight, bits",
                up="share of pairs",
            )
            + table(
                ("above bits", "pairs", "right", "precision", "recall", "F1"),
                [
                    (f"{each.above_bits:+.0f}", each.pairs, each.right, each.precision, each.recall, each.f1)
                    for each in curve
                    if each.above_bits <= _EACH_BIT_TO or each.above_bits % 5 == 0
                ],
            ),
        ),
        Section(
            "False joins",
            "Pairs of source identities of two humans in one person, by what the records have in common.",
            bar_chart([(KINDS[kind], pairs) for kind, pairs in false_joins_by_kind(found)], told="pairs")
            + table(
                ("kind", "joined by", "in common", "pairs"),
                [
                    (KINDS[each.kind], JOINED_BY.get(each.joined_by, each.joined_by), each.in_common, each.pairs)
                    for each in found.false_joins
                ],
            ),
        ),
        Section(
            "Missed pairs",
            "Pairs of source identities of one human in two persons, by what kept them apart."
            + ("" if in_review is None else f" An open case asks about {100 * in_review:.1f} % of them."),
            bar_chart(
                [
                    (KINDS[each.kind] + (", a case is open" if each.in_review else ""), each.pairs)
                    for each in found.missed
                ],
                told="pairs",
            ),
        ),
        Section(
            "By subgroup",
            "Share of source identities that are together with another human, and that lack others of their human.",
            table(
                ("", "group", "identities", "with another human", "lacking others"),
                [
                    (
                        each.dimension.replace("_", " "),
                        each.label,
                        each.identities,
                        each.overlaid / each.identities,
                        each.split / each.identities,
                    )
                    for each in found.subgroups
                ],
            ),
        ),
    ]


_NAMES: Final = (
    "precision (pairs)", "recall (pairs)", "F1 (pairs)", "B-cubed precision", "B-cubed recall", "B-cubed F1",
    "pairs right", "pairs wrong", "pairs missed", "persons", "humans", "persons exactly right",
    "persons with more than one human", "humans in more than one person",
)  # fmt: skip


def _figures(measured: Agreement) -> tuple[int | float, ...]:
    return (
        measured.precision, measured.recall, measured.f1,
        measured.bcubed_precision, measured.bcubed_recall, measured.bcubed_f1,
        measured.right, measured.wrong, measured.missed, measured.persons, measured.humans, measured.exact,
        measured.overlaid, measured.split,
    )  # fmt: skip


def figures_table(found: AgainstTruth) -> list[tuple[str, int | float, int | float]]:
    """(figure, by source identity, by record version)."""
    return list(zip(_NAMES, _figures(found.identities), _figures(found.records), strict=True))
