"""Measures against the truth, worked out by hand and by listing every pair."""

from collections import defaultdict
from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empi_pipeline.evaluation.agreement import agreement


def test_every_figure_of_a_small_example_is_what_one_counts_by_hand() -> None:
    # Person p: a a b; person q: a; person r: c c; person s: d.
    found = agreement(["p", "p", "p", "q", "r", "r", "s"], ["a", "a", "b", "a", "c", "c", "d"])
    assert found.as_figures() == {
        "items": 7,
        "persons": 4,
        "humans": 4,
        "right": 2,  # aa in p, cc in r
        "wrong": 2,  # ab twice in p
        "missed": 2,  # a in q with the two in p
        "exact": 2,  # r and s
        "overlaid": 1,  # p
        "split": 1,  # a
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        # p: 2/3, 2/3, 1/3; q: 1; r: 1, 1; s: 1
        "bcubed_precision": pytest.approx((5 / 3 + 4) / 7),
        # a: 2/3, 2/3, 1/3; b: 1; c: 1, 1; d: 1
        "bcubed_recall": pytest.approx((5 / 3 + 4) / 7),
        "bcubed_f1": pytest.approx((5 / 3 + 4) / 7),
    }


def test_nothing_compared_is_nothing_wrong() -> None:
    found = agreement(pa.array([], pa.string()), pa.array([], pa.string()))
    assert (found.items, found.persons, found.precision, found.recall, found.bcubed_f1) == (0, 0, 1.0, 1.0, 1.0)


def test_a_person_of_a_million_records_is_counted_without_listing_its_pairs() -> None:
    million = 1_000_000
    found = agreement([0] * million, [number % 2 for number in range(million)])
    half = million // 2
    assert (found.right, found.wrong, found.missed) == (half * (half - 1), half * half, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=40))
def test_counts_are_those_of_listing_every_pair(items: list[tuple[int, int]]) -> None:
    found = agreement([person for person, _ in items], [human for _, human in items])
    pairs = list(combinations(items, 2))
    assert found.right == sum(one == other for one, other in pairs)
    assert found.wrong == sum(one[0] == other[0] and one[1] != other[1] for one, other in pairs)
    assert found.missed == sum(one[0] != other[0] and one[1] == other[1] for one, other in pairs)
    person, human = defaultdict(list), defaultdict(list)
    for at, (p, h) in enumerate(items):
        person[p].append(at)
        human[h].append(at)
    assert found.exact == sum(members in human.values() for members in person.values())
    precision = [sum(items[other][1] == h for other in person[p]) / len(person[p]) for p, h in items]
    recall = [sum(items[other][0] == p for other in human[h]) / len(human[h]) for p, h in items]
    assert found.bcubed_precision == pytest.approx(sum(precision) / len(items) if items else 1)
    assert found.bcubed_recall == pytest.approx(sum(recall) / len(items) if items else 1)
