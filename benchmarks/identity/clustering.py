"""Clustering and assignment against scipy's connected components: `python -m benchmarks.identity.clustering`.

Prints seconds, no database: 1,000,000 records with 350,000 predictions; a chain of 100,000 records, free and with a
cannot-link between its ends; a person of 5,000 records that takes in one more.
"""

import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from empi_pipeline.identity.assignment import assign
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import NO_GUARDS, Evidence, Guards, NoConflicts
from empi_pipeline.identity.neighbourhood import Persons
from empi_pipeline.identity.person_ids import new_person_ids


def timed(work: Callable[[], object], repeat: int = 3) -> float:
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def evidence(
    count: int, left: np.ndarray, right: np.ndarray, person: np.ndarray | None = None, cannot: object = ()
) -> Evidence:
    keys = np.random.default_rng(7).permutation(count)
    weight = np.random.default_rng(8).uniform(8, 30, len(left))
    return Evidence(
        person=np.full(count, -1) if person is None else person,
        source_identity=np.full(count, -1),
        left=left,
        right=right,
        weight=weight,
        margin=weight,
        content_keys=lambda positions: np.char.zfill(keys[positions].astype("S8"), 8),
        cannot=np.array(cannot, np.int64).reshape(2, -1),
    )


def ours(known: Evidence, guards: Guards) -> object:
    existing = int(known.person.max()) + 1
    import pyarrow as pa

    ids = pa.array([f"{number:036d}" for number in range(existing)], pa.string())
    persons = Persons(
        ids,
        np.ones(existing, np.int64),
        np.bincount(known.person[known.person >= 0], minlength=existing),
        np.zeros(existing, bool),
    )
    return assign(known, persons, cluster(known, guards, NoConflicts()).group, new_person_ids)


def floor(count: int, left: np.ndarray, right: np.ndarray) -> object:
    return connected_components(
        coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(count, count)), directed=False
    )


def report(name: str, known: Evidence, guards: Guards) -> None:
    plain = timed(lambda: floor(known.count, known.left, known.right))
    full = timed(lambda: ours(known, guards))
    print(f"{name:58} {full:8.3f} s   connected components {plain:7.3f} s   {full / plain:5.1f} x")


def main() -> None:
    random = np.random.default_rng(1)
    left = random.integers(0, 1_000_000, 350_000)
    right = left // 4 * 4 + random.integers(0, 4, 350_000)
    report("1,000,000 records, 350,000 predictions", evidence(1_000_000, left, right), Guards(hard_conflicts=False))
    chain = np.arange(99_999)
    report("chain of 100,000 records", evidence(100_000, chain, chain + 1), NO_GUARDS)
    apart = evidence(100_000, chain, chain + 1, cannot=[[0], [99_999]])
    report("chain of 100,000 records, its ends told apart", apart, NO_GUARDS)
    star = np.zeros(5_000, np.int64)
    person = np.r_[np.zeros(5_000, np.int64), -1]
    report("person of 5,000 records takes in one", evidence(5_001, star, np.arange(1, 5_001), person), NO_GUARDS)


if __name__ == "__main__":
    main()
