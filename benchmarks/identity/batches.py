"""The very same batch applied to indexes of different sizes: what it costs must depend on what it touches alone."""

from collections.abc import Iterator

import numpy as np

from benchmarks.identity.measure import Row, row_of, seconds
from benchmarks.identity.synthetic import deliver, humans
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.postgres import connect

FIRST = 4
"""Lowest record id: four records in a row, from a multiple of four on, are one human."""

_TOUCHABLE, _BATCH, _LINKS_INTO_INDEX = 10_000, 1_000, 300

Links = tuple[np.ndarray, np.ndarray, np.ndarray]


def index_links(size: int) -> Links:
    """Predictions of an index: the same about the records that batches touch, which are spread evenly over it."""
    left, right, weight = humans(FIRST, size, size * 35 // 100)
    untouched = (left // 4 - 1) % (size // _TOUCHABLE) != 0
    touched = humans(0, _TOUCHABLE, _TOUCHABLE * 35 // 100, seed=2)
    ends = [np.r_[some[untouched], spread(of, size)] for some, of in ((left, touched[0]), (right, touched[1]))]
    return ends[0], ends[1], np.r_[weight[untouched], touched[2]]


def spread(number: np.ndarray, size: int) -> np.ndarray:
    """Record id of the n-th record that batches touch."""
    return FIRST + number // 4 * 4 * (size // _TOUCHABLE) + number % 4


def batch_links(number: int, size: int) -> tuple[int, Links]:
    """First record id and predictions of the n-th batch: numbers aside the same at every size."""
    begin = FIRST + size + _BATCH * number
    left, right, weight = humans(begin, _BATCH, _BATCH * 35 // 100, seed=number)
    random = np.random.default_rng(number)
    new = begin + random.integers(0, _BATCH, _LINKS_INTO_INDEX)
    old = spread(random.integers(0, _TOUCHABLE, _LINKS_INTO_INDEX), size)
    return begin, (np.r_[left, new], np.r_[right, old], np.r_[weight, np.full(_LINKS_INTO_INDEX, 20.0)])


def rows(urls: dict[int, str], models: dict[int, int], rounds: int) -> Iterator[Row]:
    """Each batch into one index after the other; every larger index against the smallest."""
    times: dict[int, list[float]] = {size: [] for size in urls}
    done = set()
    for number in range(rounds + 1):
        for size, url in urls.items():
            begin, links = batch_links(number, size)
            with connect(url) as connection:
                deliver(connection, f"batch-{number}", begin, _BATCH, *links, models[size])
            with connect(url) as connection:
                applied = []
                taken = seconds(lambda: applied.append(apply_batch(connection, f"batch-{number}")))  # noqa: B023
            done.add((number, applied[0].records, applied[0].persons_created, applied[0].persons_merged))
            if number:
                times[size].append(taken)
    assert len(done) == rounds + 1, "the batches did not do the same"
    smallest = min(urls)
    for size in urls:
        name = f"{_BATCH:,} records more, into {size:,}; into {smallest:,}"
        yield row_of(name, times[size], times[smallest], None if size == smallest else 1.5)
