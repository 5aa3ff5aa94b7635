"""Precision and recall from stewards' answers: the stratified estimator with confidence limits. Pure arithmetic.

Each stratum's share of matches is estimated by itself and weighted with its known number of pairs (Cochran 1977,
chapter 5A), so it does not matter that doubtful pairs were asked more often than they occur. Limits: `limits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from empi_pipeline.evaluation.limits import Interval, part_of_whole, share, weighted_sum
from empi_pipeline.evaluation.sampling import Allocation, Stratum, allocate

_FORESEEABLE: Final = 50_000
"""Nobody answers more pairs than this."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A stratum and what stewards said.

    Attributes:
        stratum: The stratum.
        same: Pairs that are one human.
        different: Pairs that are two.
        unsure: Pairs nobody could tell; they count as not asked.
        open: Pairs of the sample that wait for an answer.
    """

    stratum: Stratum
    same: int
    different: int
    unsure: int = 0
    open: int = 0

    @property
    def share(self) -> Interval:
        """Share of the stratum's pairs that are one human."""
        return share(self.same, self.same + self.different, self.stratum.population, expected=self.stratum.expected)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Precision and recall of one way to say which pairs match.

    Attributes:
        what: `as joined` (pairs whose records are in one person now) or `above`, by weight alone.
        bits: Match weight above which pairs count as matches; None for `as joined`.
        pairs: Pairs that count as matches.
        precision: Share of them that are one human.
        recall: Share of the pairs that are one human, among all pairs from the lowest stratum up, that are among them.
    """

    what: str
    bits: float | None
    pairs: int
    precision: Interval
    recall: Interval


def estimates(answered: Sequence[Answered]) -> list[Estimate]:
    """As joined, then at each weight where a stratum begins, the highest first."""
    return [
        _estimate("as joined", None, answered, [each.stratum.joined for each in answered]),
        *(
            _estimate("above", bits, answered, [each.stratum.low >= bits for each in answered])
            for bits in sorted({each.stratum.low for each in answered}, reverse=True)
        ),
    ]


def answers_needed(
    answered: Sequence[Answered], within: float, *, measure: str = "precision", allocation: Allocation = "neyman"
) -> int | None:
    """How many more answers bring a figure of `as joined` to within `within` of its estimate, if shares stay.

    Args:
        answered: What is there.
        within: Largest distance of a limit from the estimate.
        measure: `precision` or `recall`.
        allocation: How the further pairs are spread over the strata.

    Returns:
        0 when it is there already; None when not even 50,000 more, or all that are left, would do.
    """

    def reach(more: int) -> float:
        ahead = _with_more(answered, more, allocation)
        figure: Interval = getattr(estimates(ahead)[0], measure)
        return figure.reach

    if reach(0) <= within:
        return 0
    left = min(sum(each.stratum.population - each.same - each.different for each in answered), _FORESEEABLE)
    most = 1
    while most < left and reach(most) > within:
        most *= 2
    most = min(most, left)
    if reach(most) > within:
        return None
    least = most // 2
    while most - least > max(1, most // 50):  # Rounded shares make the limits jump a little: no false exactness.
        middle = (least + most) // 2
        least, most = (least, middle) if reach(middle) <= within else (middle, most)
    return most


def _with_more(answered: Sequence[Answered], more: int, allocation: Allocation) -> list[Answered]:
    rest = [
        Stratum(
            each.stratum.number,
            each.stratum.low,
            each.stratum.high,
            each.stratum.joined,
            each.stratum.population - each.same - each.different,
            each.share.estimate,
        )
        for each in answered
    ]
    return [
        Answered(
            each.stratum,
            each.same + round(count * each.share.estimate),
            each.different + count - round(count * each.share.estimate),
        )
        for each, count in zip(answered, allocate(rest, more, allocation), strict=True)
    ]


def _estimate(what: str, bits: float | None, answered: Sequence[Answered], inside: Sequence[bool]) -> Estimate:
    matches = [each for each, chosen in zip(answered, inside, strict=True) if chosen]
    others = [each for each, chosen in zip(answered, inside, strict=True) if not chosen]
    pairs = sum(each.stratum.population for each in matches)
    precision = weighted_sum([(each.stratum.population / pairs, each.share) for each in matches])
    if not pairs:
        precision = Interval(1.0, 1.0, 1.0)
    found, missed = (
        weighted_sum([(each.stratum.population, each.share) for each in group]) for group in (matches, others)
    )
    return Estimate(what, bits, pairs, precision, part_of_whole(found, missed))
