import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.holding import NOBODY, held_back
from empi_pipeline_tests.properties.test_clustering import PROPERTY


def over_and_over(then: list[int], now: list[int], follows: list[bool], must: list[tuple[int, int]]) -> list[int]:
    """The definition, pass by pass."""
    then, held = list(then), True
    while held:
        held = False
        for left, right in must:
            if then[left] != then[right] and NOBODY not in (then[left], then[right]):
                for one in (left, right):
                    if follows[one] and then[one] != now[one]:
                        then[one], held = now[one], True
    return then


@PROPERTY
@given(st.data())
def test_records_are_held_as_if_every_decision_were_looked_at_over_and_over(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 9))

    def each(values: st.SearchStrategy[int]) -> list[int]:
        return data.draw(st.lists(values, min_size=count, max_size=count))

    then, now, follows = each(st.integers(-1, 3)), each(st.integers(0, 3)), each(st.sampled_from([0, 1]))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda ends: ends[0] != ends[1])
    must = data.draw(st.lists(pair, max_size=14))
    ends: Ints = np.array(must, np.int64).reshape(-1, 2).T
    held = held_back(np.array(then), np.array(now), np.array(follows, bool), ends)
    assert held.tolist() == over_and_over(then, now, [bool(flag) for flag in follows], must)


def test_a_long_chain_of_decisions_takes_time_in_proportion() -> None:
    """Listed against the way in which holding spreads, ten times as many took a hundred times as long once."""
    count = 20_000
    here = np.arange(count - 1)[::-1]
    then, now = np.ones(count, np.int64), np.zeros(count, np.int64)
    follows = np.ones(count, bool)
    then[0], follows[0] = 0, False
    start = time.process_time()
    assert held_back(then, now, follows, np.stack([here, here + 1])).tolist() == now.tolist()
    assert time.process_time() - start < 5
