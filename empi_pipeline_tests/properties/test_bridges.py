"""Weak bridges against their definition: take the link away, and look what is left on both sides of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from empi_pipeline.identity import bridges
from empi_pipeline.identity.arrays import Flags, Ints, connected
from empi_pipeline.identity.bridges import weak_bridges
from empi_pipeline_tests.properties.test_clustering import PROPERTY


def by_definition(count: int, left: Ints, right: Ints, weak: Flags, side: int) -> Flags:
    found = np.zeros(len(left), bool)
    for link in np.flatnonzero(weak & (left != right)).tolist():
        others = np.arange(len(left)) != link
        component = connected(count, left[others], right[others])
        one, other = component[left[link]], component[right[link]]
        found[link] = one != other and min(np.bincount(component)[[one, other]]) >= side
    return found


@PROPERTY
@given(
    st.integers(1, 30),
    st.sampled_from([0.5, 1.0, 1.5]),
    st.sampled_from([0.2, 0.6, 1.0]),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_weak_bridges_are_what_the_definition_says(
    count: int, density: float, share_weak: float, side: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    left, right = random.integers(0, count, (2, int(count * density)))
    weak = random.random(len(left)) < share_weak
    found = weak_bridges(count, left, right, weak, side)
    assert found.tolist() == by_definition(count, left, right, weak, side).tolist()


def test_labels_that_cancel_out_by_chance_are_drawn_again(monkeypatch) -> None:
    """A ring has no bridges, whatever the labels say."""
    real, seeds = bridges._bridges, []

    def unlucky(vertices: Ints, one: Ints, other: Ints, seed: int) -> tuple[Flags, Ints, Ints]:
        seeds.append(seed)
        bridge, beyond, total = real(vertices, one, other, seed)
        return (~bridge if seed == 0 else bridge), beyond, total

    monkeypatch.setattr(bridges, "_bridges", unlucky)
    ring = np.arange(6)
    assert not weak_bridges(6, ring, np.roll(ring, 1), np.ones(6, bool), 1).any()
    assert seeds == [0, 1]
