"""Large components, free and under constraints, against scipy's connected components of the same links."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.identity.measure import Row, compared, peak_megabytes
from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import NO_GUARDS, Evidence, Guards, NoConflicts

SIZE_GUARD = Guards(hard_conflicts=False, weak_bridge_bits=None)
BRIDGE_GUARD = Guards(hard_conflicts=False, max_person_size=None)


def evidence(count: int, links: Ints, cannot: int, weak: float, seed: int = 8) -> Evidence:
    """Links of random weight, pairs of random records told apart, and a share of links just above the threshold."""
    random = np.random.default_rng(seed)
    weight = random.uniform(8, 30, links.shape[1])
    nobody = np.full(count, -1)
    keys = random.permutation(count)
    return Evidence(
        person=nobody,
        source_identity=nobody,
        left=links[0],
        right=links[1],
        weight=weight,
        margin=np.where(random.random(links.shape[1]) < weak, 1.0, weight),
        content_keys=lambda positions: np.char.zfill(keys[positions].astype("S8"), 8),
        cannot=random.permutation(count)[: 2 * cannot].reshape(2, -1),
    )


def shapes(count: int) -> Iterator[tuple[str, Ints]]:
    """A chain in the order of the records, one in any order, a hub, and ten random links a record."""
    random = np.random.default_rng(1)
    here, places = np.arange(count - 1), random.permutation(count)
    yield "chain, as numbered", np.stack([here, here + 1])
    yield "chain", places[np.stack([here, here + 1])]
    yield "hub", np.stack([np.zeros(count - 1, np.int64), here + 1])
    yield "dense", random.integers(0, count, (2, 10 * count))


def rows(count: int, rounds: int) -> Iterator[Row]:
    """One row for each shape and constraint."""
    for shape, links in shapes(count):
        for constraint, cannot, weak, guards in (
            ("free", 0, 0.0, NO_GUARDS),
            ("1 cannot-link", 1, 0.0, NO_GUARDS),
            ("100 cannot-links", 100, 0.0, NO_GUARDS),
            ("at most 500 a person", 0, 0.0, SIZE_GUARD),
            ("1 % weak links", 0, 0.01, BRIDGE_GUARD),
            ("all of it", 100, 0.01, Guards(hard_conflicts=False)),
        ):
            yield row(f"{count:,} records, {shape}: {constraint}", evidence(count, links, cannot, weak), guards, rounds)
    here = np.arange(count - 1)
    falling = evidence(count, np.stack([here, here + 1]), 0, 0.0)
    falling.weight.sort()
    yield row(f"{count:,} records, chain of falling weights: at most 500", falling, SIZE_GUARD, rounds, target=None)


def row(name: str, known: Evidence, guards: Guards, rounds: int, target: float | None = 10) -> Row:
    """Clustering against connected components."""
    return compared(
        name,
        lambda: cluster(known, guards, NoConflicts()),
        lambda: plain(known.count, known.left, known.right),
        target,
        rounds,
    )


def plain(count: int, left: Ints, right: Ints) -> None:
    """Connected components as scipy's documentation has them."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    connected_components(graph, directed=False)


def memory(count: int) -> Iterator[str]:
    """Peak memory of a constrained component, at a tenth of the size and at the size."""
    for size in (count // 10, count):
        links = dict(shapes(size))
        for shape in ("chain", "dense"):
            known = evidence(size, links[shape], 100, 0.01)
            peak = peak_megabytes(lambda known=known: cluster(known, Guards(hard_conflicts=False), NoConflicts()))
            share = 1e6 * peak / (size + known.left.size)
            yield f"{size:,} records, {shape}, all constraints: {peak:.1f} MB, {share:.0f} bytes a record and link"
