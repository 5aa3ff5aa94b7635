"""Records that all look different, under the shipped rules for hard conflicts: what grows with the pairs."""

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa

from benchmarks.identity.measure import Row, peak_megabytes, row_of, seconds
from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.conflicts import RecordConflicts
from empi_pipeline.identity.evidence import Clustering, Evidence, Guards
from empi_pipeline.identity.policy import ConflictRules
from empi_pipeline.scratch import open_scratch


def crowd(count: int, *, existing: bool) -> Clustering:
    """A chain of records of which no two look alike, the last ten of them new, the others one person or new as well."""
    numbers = np.arange(count)
    random = np.random.default_rng(3)
    rules = ConflictRules.shipped()
    texts = {name: pa.nulls(count, pa.string()) for name in rules.attributes}
    texts["first_name"] = pa.array(["ada"] * count)
    texts["last_name"] = pa.array([f"family{number}" for number in numbers.tolist()])
    texts["birth_date"] = pa.array(
        [f"1950-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}" for number in numbers.tolist()]
    )
    attributes = pa.table({"record_id": numbers, **texts})
    person = np.where((numbers < count - 10) & existing, 0, -1)
    weight = random.uniform(8, 30, count - 1)
    known = Evidence(
        person=person,
        source_identity=np.full(count, -1),
        left=numbers[:-1],
        right=numbers[1:],
        weight=weight,
        margin=weight,
        content_keys=lambda positions: np.char.zfill(positions.astype("S8"), 8),
    )

    def load(wanted: Ints) -> pa.Table:
        return attributes.take(pa.array(wanted))

    with open_scratch() as con:
        conflicts = RecordConflicts(lambda: con, rules.find, numbers, load, rules.attributes, rules.aspects)
        return cluster(known, Guards(), conflicts)


def rows(count: int, rounds: int) -> Iterator[Row]:
    """A crowd against one of a quarter: four times as long where it is linear, sixteen where it is not."""
    for name, existing in (("a person takes in ten", True), ("all new", False)):
        small, large = [], []
        crowd(count // 4, existing=existing)
        for _ in range(rounds):
            small.append(seconds(partial(crowd, count // 4, existing=existing), time.process_time))
            large.append(seconds(partial(crowd, count, existing=existing), time.process_time))
        yield row_of(f"{count:,} different records, {name}; a quarter of it", large, small, 6)


def memory(count: int) -> Iterator[str]:
    """Peak memory."""
    for size in (count // 4, count):
        peak = peak_megabytes(lambda size=size: crowd(size, existing=True))
        yield f"{size:,} different records, a person takes in ten: {peak:.1f} MB"
