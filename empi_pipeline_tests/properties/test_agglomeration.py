"""Joining in rounds by whole arrays against joining link by link, on graphs too large for the naive definition."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empi_pipeline.identity import agglomeration, contraction
from empi_pipeline.identity.agglomeration import Agglomeration, agglomerate
from empi_pipeline.identity.apart import Apart
from empi_pipeline.identity.arrays import Ints, renumbered
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import NO_GUARDS, Evidence, Findings, Guards, NoConflicts
from empi_pipeline.identity.ranking import content_ranks, strongest_first
from empi_pipeline_tests.properties.test_clustering import PROPERTY


def shapes(random: np.random.Generator, kind: str, count: int) -> Ints:
    """Links (2, n) in random order of strength, but for `descending`: a chain whose links become weaker and weaker."""
    here = np.arange(count - 1)
    if kind == "descending":
        return np.stack([here, here + 1])
    if kind == "chain":
        links = np.stack([here, here + 1])
    elif kind == "star":
        links = np.stack([np.zeros(count - 1, np.int64), here + 1])
    else:
        links = random.integers(0, count, (2, count * (1 if kind == "sparse" else 6)))
    places = random.permutation(count)  # Neighbours are not numbered one after the other.
    return places[links[:, random.permutation(links.shape[1])]]


@PROPERTY
@given(
    st.sampled_from(["descending", "chain", "star", "sparse", "dense"]),
    st.integers(2, 250),
    st.sampled_from([0, 1, 5, 60, 400]),
    st.sampled_from([None, 2, 7, 40]),
    st.sampled_from([1.0, 0.8, 0.2]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_rounds_join_what_link_by_link_would_join(
    kind: str, count: int, foes: int, max_size: int | None, start: float, alike: bool, divided: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    left, right = shapes(random, kind, count)
    initial = random.integers(0, max(1, int(count * start)), count) if start < 1 else np.arange(count)
    colours = random.integers(0, max(2, count // 10), count) if alike else np.arange(count)
    apart = Apart()
    pairs = colours[random.integers(0, count, (2, foes))]
    pairs = pairs[:, pairs[0] != pairs[1]]
    apart.add(pairs[0], pairs[1], ["foes"] * pairs.shape[1])
    parts = (np.flatnonzero(random.random(count) < 0.2),) if divided else (np.empty(0, np.int64),)
    parts = (parts[0], random.integers(0, 5, len(parts[0])))

    def run(few_links: int, worthwhile: float, at_once: int) -> Agglomeration:
        with (
            patch.object(contraction, "FEW_LINKS", few_links),
            patch.object(contraction, "WORTHWHILE", worthwhile),
            patch.object(agglomeration, "AT_ONCE", at_once),
        ):
            return agglomerate(initial, left, right, apart, (np.arange(count), colours), max_size, parts)

    plainly, in_rounds, mixed = run(10**9, 0.999, 10**9), run(0, 0.999, 1), run(20, 0.8, 3)
    in_parts = run(10**9, 0.999, 1)
    for found in (in_rounds, mixed, in_parts):
        assert (canonical(found.labels) == canonical(plainly.labels)).all()
        first_of_group = np.unique(canonical(plainly.labels), return_index=True)[1]
        for place in first_of_group.tolist():
            one, other = int(found.labels[place]), int(plainly.labels[place])
            assert found.size[one] == plainly.size[other]
            assert found.worn.by(one).tolist() == plainly.worn.by(other).tolist()
            assert found.wholes.get(one) == plainly.wholes.get(other)


def canonical(labels: Ints) -> Ints:
    """Groups named by their first item."""
    return np.unique(labels, return_index=True)[1][renumbered(labels)]


def chain(count: int, cannot: list[tuple[int, int]]) -> Evidence:
    links = shapes(np.random.default_rng(1), "chain", count)
    weight = np.random.default_rng(2).permutation(links.shape[1]).astype(np.float64)
    nobody = np.full(count, -1, np.int64)
    return Evidence(
        person=nobody,
        source_identity=nobody,
        left=links[0],
        right=links[1],
        weight=weight,
        margin=weight + 10,
        content_keys=lambda records: np.array([f"{record:08d}" for record in records.tolist()], "S8"),
        cannot=np.array(cannot, np.int64).reshape(-1, 2).T,
    )


def test_a_large_component_without_constraints_is_joined_whole() -> None:
    found = cluster(chain(5_000, []), NO_GUARDS, NoConflicts())
    assert (found.delicate, found.one_by_one) == (0, 0)
    assert len(np.unique(found.group)) == 1


@pytest.mark.parametrize(
    ("cannot", "guards"),
    [
        ([(0, 4_999)], NO_GUARDS),
        ([(number, 4_999 - number) for number in range(20)], NO_GUARDS),
        ([], Guards(hard_conflicts=False)),
        ([(0, 4_999)], Guards(hard_conflicts=False)),
    ],
)
def test_of_a_large_component_with_constraints_only_the_contested_links_are_looked_at_one_by_one(
    cannot: list[tuple[int, int]], guards: Guards
) -> None:
    evidence = chain(5_000, cannot)
    found = cluster(evidence, guards, NoConflicts())
    assert found.delicate == 5_000
    assert found.one_by_one <= contraction.FEW_LINKS
    with patch.object(contraction, "FEW_LINKS", evidence.count):
        plainly = cluster(evidence, guards, NoConflicts())
    assert plainly.one_by_one == evidence.count - 1
    assert (canonical(found.group) == canonical(plainly.group)).all()
    assert list(found.findings) == list(plainly.findings)


def test_links_rank_by_weight_and_ties_by_content_alone() -> None:
    content = np.array(["c", "a", "bbbbbbbb2", "bbbbbbbb1", "d"], "S64")
    asked: list[int] = []

    def content_keys(records: Ints) -> np.ndarray:
        asked.extend(records.tolist())
        return content[records]

    weight, left, right = np.array([1.0, 5, 5, 5, 7]), np.array([4, 2, 1, 0, 0]), np.array([0, 3, 3, 1, 4])
    # The tied links lie between (bbbbbbbb1, bbbbbbbb2), (a, bbbbbbbb1), (a, c).
    assert strongest_first(weight, left, right, content_keys).tolist() == [4, 2, 3, 1, 0]
    assert sorted(asked) == [0, 1, 2, 3], "the content of records without a tie is not read"


def test_content_ranks_are_the_order_of_the_bytes() -> None:
    random = np.random.default_rng(3)
    keys = np.array([bytes(random.integers(97, 99, 12).astype(np.uint8)) for _ in range(500)], "S64")
    keys = np.unique(keys)[random.permutation(len(np.unique(keys)))]
    assert (keys[np.argsort(content_ranks(keys))] == np.sort(keys)).all()


def test_no_findings_are_none() -> None:
    assert list(Findings.concat(Findings.none(), Findings.none())) == []
