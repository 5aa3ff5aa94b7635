"""The same small batch applied to indexes of 10,000, 100,000 and 1,000,000 records, guards on.

`python -m benchmarks.identity.batches [SIZE ...]` prints seconds for the first load and for batches of 1,000 records.
"""

import sys
import time

import numpy as np

from benchmarks.identity.synthetic import deliver, humans, make_model, server
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.postgres import connect


def measure(size: int) -> None:
    with server() as url:
        with connect(url) as connection:
            model = make_model(connection)
            deliver(connection, "first", 1, size, *humans(1, size, size * 35 // 100), model)
        with connect(url) as connection:
            start = time.perf_counter()
            apply_batch(connection, "first")
            first = time.perf_counter() - start
        times = []
        for number in range(5):
            begin = size + 1 + 1000 * number
            left, right, weight = humans(begin, 1000, 350, seed=number)
            random = np.random.default_rng(number)
            new, old = begin + random.integers(0, 1000, 300), random.integers(1, size, 300)
            with connect(url) as connection:
                deliver(
                    connection, f"next-{number}", begin, 1000, np.r_[left, new], np.r_[right, old],
                    np.r_[weight, np.full(300, 20.0)], model,
                )  # fmt: skip
            with connect(url) as connection:
                start = time.perf_counter()
                apply_batch(connection, f"next-{number}")
                times.append(time.perf_counter() - start)
        middle = np.median(times)
        print(f"{size:>9,} records: first load {first:7.2f} s, 1,000 more {min(times):6.3f} s (median {middle:.3f} s)")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ["10000", "100000", "1000000"]:
        measure(int(wanted))
