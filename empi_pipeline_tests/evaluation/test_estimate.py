"""Confidence limits and the stratified estimator: against published values, by hand, and by how often they hold."""

import numpy as np
import pytest

from empi_pipeline.evaluation.estimate import Answered, answers_needed, estimates
from empi_pipeline.evaluation.limits import Interval, part_of_whole, share, weighted_sum
from empi_pipeline.evaluation.sampling import Stratum, allocate, choose, cuts, stratify


@pytest.mark.parametrize(
    ("found", "asked", "low", "high"),
    [
        (20, 20, 0.8316, 1.0),  # 0.025 ** (1 / 20)
        (0, 20, 0.0, 0.1684),
        (81, 263, 0.2527, 0.3676),  # Newcombe 1998, table I, method 5
        (15, 148, 0.0578, 0.1617),  # the same
        (1, 29, 0.0009, 0.1776),  # the same
    ],
)
def test_limits_in_an_endless_population_are_the_published_ones(
    found: int, asked: int, low: float, high: float
) -> None:
    limits = share(found, asked, 10**9)
    assert (round(limits.low, 4), round(limits.high, 4)) == (low, high)


def test_a_stratum_that_was_asked_completely_leaves_no_doubt() -> None:
    assert share(7, 10, 10) == Interval(0.7, 0.7, 0.7)


def test_of_ten_pairs_nine_asked_and_alike_leave_one_in_doubt() -> None:
    assert share(9, 9, 10) == Interval(1.0, 0.9, 1.0)


def test_limits_in_a_small_population_are_what_counting_all_samples_gives() -> None:
    # 3 of 5 asked out of 12: with 1 real one P(3 or more) = 0; with 3: C(9,2)/C(12,5) = 36/792 = .045 > .025.
    # The other side: 2 of 5: with 2 real ones P(2 or more) = C(10,3)/C(12,5) = 120/792 = .15.
    assert share(3, 5, 12) == Interval(0.6, 3 / 12, 10 / 12)


def test_nothing_asked_is_nothing_known() -> None:
    assert share(0, 0, 100, expected=0.8) == Interval(0.8, 0.0, 1.0)


def test_a_weighted_sum_recovers_each_sides_distance_by_itself() -> None:
    both = weighted_sum([(0.5, Interval(0.9, 0.6, 1.0)), (0.5, Interval(0.5, 0.1, 0.8))])
    # below: sqrt(.15**2 + .2**2) = .25; above: sqrt(.05**2 + .15**2) = .158
    assert both.estimate == pytest.approx(0.7)
    assert both.low == pytest.approx(0.45)
    assert both.high == pytest.approx(0.7 + 0.025**0.5)


def test_a_part_of_a_whole_without_a_rest_is_all_of_it() -> None:
    assert part_of_whole(Interval(80, 80, 80), Interval(0, 0, 0)) == Interval(1.0, 1.0, 1.0)


def test_where_the_rest_alone_is_in_doubt_its_limits_pass_through() -> None:
    found = part_of_whole(Interval(80, 80, 80), Interval(20, 0, 80))
    assert (found.estimate, found.low, found.high) == (0.8, pytest.approx(0.5), pytest.approx(1.0))


def test_precision_and_recall_weigh_each_stratum_with_its_pairs() -> None:
    answered = [
        Answered(Stratum(1, -5.0, 0.0, False, 1000, 0.1), 1, 9),
        Answered(Stratum(2, 0.0, 6.6, False, 100, 0.8), 5, 5),
        Answered(Stratum(3, 6.6, None, True, 500, 0.99), 10, 0),
        Answered(Stratum(4, 6.6, None, False, 10, 0.99), 5, 5),
    ]
    joined, auto, potential, everything = estimates(answered)
    assert (joined.what, joined.pairs, joined.precision.estimate) == ("as joined", 500, 1.0)
    assert joined.recall.estimate == pytest.approx(500 / (100 + 50 + 500 + 5))
    assert (auto.bits, auto.pairs, auto.precision.estimate) == (6.6, 510, pytest.approx(505 / 510))
    assert (potential.bits, potential.precision.estimate) == (0.0, pytest.approx(555 / 610))
    assert potential.recall.estimate == pytest.approx(555 / 655)
    assert everything.recall == Interval(1.0, 1.0, 1.0)


def population(rng: np.random.Generator) -> list[tuple[Stratum, int]]:
    """Strata with their true number of matches: pure and less pure ones, small and huge."""
    shares = [rng.choice([0, 0.0005, 0.005, 0.05]), rng.uniform(0, 0.4), rng.uniform(0.2, 0.9), 1 - rng.uniform(0, 0.1)]
    shares.append(1 - rng.choice([0, 0.0005, 0.005, 0.02]))
    made = []
    for number, true_share in enumerate(shares, start=1):
        size = int(10 ** rng.uniform(1.5, 5))
        made.append((Stratum(number, float(number), None, number > 3, size, 0.5), round(true_share * size)))
    return made


@pytest.mark.parametrize("seed", range(10))
def test_the_95_percent_limits_hold_at_least_nine_times_in_ten(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = population(rng)
    truth = estimates([Answered(stratum, real, stratum.population - real) for stratum, real in made])[0]
    counts = allocate([stratum for stratum, _ in made], int(rng.choice([60, 200, 500])), "equal")
    drawn = [rng.hypergeometric(real, s.population - real, n, 120) for (s, real), n in zip(made, counts, strict=True)]
    held = np.zeros(2, int)
    for draw in zip(*drawn, strict=True):
        answered = [Answered(s, int(same), n - int(same)) for (s, _), n, same in zip(made, counts, draw, strict=True)]
        found = estimates(answered)[0]
        held += [
            found.precision.low - 1e-12 <= truth.precision.estimate <= found.precision.high + 1e-12,
            found.recall.low - 1e-12 <= truth.recall.estimate <= found.recall.high + 1e-12,
        ]
    assert (held >= 0.9 * 120).all(), held


def test_more_answers_are_asked_for_until_the_figure_is_close_enough() -> None:
    answered = [Answered(Stratum(1, 0.0, None, True, 100_000, 0.9), 18, 2)]
    needed = answers_needed(answered, 0.02)
    assert needed is not None
    # The usual rule of thumb: 1.96 ** 2 * .9 * .1 / .02 ** 2 = 864; the farther of two exact limits wants more.
    assert 864 < needed < 1100
    assert answers_needed(answered, 0.5) == 0


def test_a_figure_that_answers_to_all_pairs_cannot_bring_is_not_promised() -> None:
    answered = [
        Answered(Stratum(1, 0.0, None, True, 10**9, 0.5), 1, 1),
    ]
    assert answers_needed(answered, 0.0001) is None


def test_strata_follow_weight_and_outcome_and_thresholds_are_strict() -> None:
    weight = np.array([-10.0, -9.9, 0.0, 0.1, 6.6, 6.7, 30.0, 6.7])
    joined = np.array([False, False, False, False, False, True, True, False])
    assert cuts(0.0, 6.6, 10.0) == [-10.0, -5.0, 0.0, 3.3, 6.6, 11.6]
    place, strata = stratify(weight, joined, cuts(0.0, 6.6, 10.0))
    assert place.tolist() == [-1, 0, 1, 2, 3, 5, 6, 4]
    assert [(each.low, each.high, each.joined, each.population) for each in strata] == [
        (-10.0, -5.0, False, 1),
        (-5.0, 0.0, False, 1),
        (0.0, 3.3, False, 1),
        (3.3, 6.6, False, 1),
        (6.6, 11.6, False, 1),
        (6.6, 11.6, True, 1),
        (11.6, None, True, 1),
    ]
    assert strata[1].expected == 0.5


def test_effort_is_spread_evenly_or_after_neyman_and_never_beyond_what_is_there() -> None:
    strata = [Stratum(1, 0, 1, False, 3, 0.5), Stratum(2, 1, 2, False, 900, 0.5), Stratum(3, 2, 3, True, 900, 0.999)]
    assert allocate(strata, 103, "equal") == [3, 50, 50]
    # Neyman: 900 * .5 to 900 * sqrt(.02 * .98) = .14, that is 100 : 28.
    assert allocate(strata, 131, "neyman") == [3, 100, 28]
    assert allocate(strata, 5_000, "equal") == [3, 900, 900]
    assert sum(allocate(strata, 2, "equal")) == 2


def test_a_pair_that_stands_for_many_counts_as_many_and_no_more_are_asked_about_than_are_at_hand() -> None:
    weight, joined = np.array([-7.0, -7.0, -7.0, 9.0]), np.array([False, False, True, True])
    _, strata = stratify(weight, joined, cuts(0.0, 6.6, 10.0), np.array([10, 10, 10, 1]))
    assert [(each.joined, each.population) for each in strata] == [(False, 20), (True, 10), (True, 1)]
    assert allocate(strata, 30, "equal", at_hand=[2, 1, 1]) == [2, 1, 1]


def test_a_seed_chooses_the_same_pairs_whatever_order_they_come_in() -> None:
    left, right = np.arange(1, 101), np.arange(201, 301)
    stratum = np.repeat([0, 1], 50)
    chosen = choose(left, right, stratum, [5, 7], seed=1)
    assert np.bincount(stratum[chosen]).tolist() == [5, 7]
    assert len(set(stratum[chosen][:5].tolist())) == 2  # They come mixed.
    back = choose(left[::-1], right[::-1], stratum[::-1], [5, 7], seed=1)
    assert left[chosen].tolist() == left[::-1][back].tolist()
    assert set(chosen.tolist()) != set(choose(left, right, stratum, [5, 7], seed=2).tolist())


def test_each_pair_is_chosen_equally_often() -> None:
    left, right, stratum = np.arange(1, 41), np.arange(101, 141), np.zeros(40, np.int64)
    times = np.bincount(
        np.concatenate([choose(left, right, stratum, [10], seed) for seed in range(2_000)]), minlength=40
    )
    # 500 expected, deviation sqrt(2000 * .25 * .75) = 19
    assert (abs(times - 500) < 80).all()
