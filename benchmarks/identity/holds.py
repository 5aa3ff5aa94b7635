"""How long a batch of any size keeps stewards from saving, and how long a save takes in an index of that size.

`python -m benchmarks.identity.holds [SIZE ...]` prints seconds for the first load, which writes most, and milliseconds
for saves; stewards wait `PATIENCE_SECONDS` for the lock, then they are told to try again.
"""

import sys
import time
from typing import Any

import numpy as np

from benchmarks.identity.synthetic import deliver, humans, make_model, server
from empi_pipeline.identity import ledger
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.identity.decisions import confirm, reject
from empi_pipeline.postgres import Connection, connect


def measure(size: int) -> None:
    locked: list[float] = []
    take = ledger.take_identity_lock

    def timed(connection: Connection, **options: Any) -> None:
        take(connection, **options)
        locked.append(time.perf_counter())

    with server() as url:
        with connect(url) as connection:
            model = make_model(connection)
            deliver(connection, "first", 1, size, *humans(1, size, size * 35 // 100), model)
        with connect(url) as connection:
            ledger.take_identity_lock = timed
            start = time.perf_counter()
            apply_batch(connection, "first")
            end = time.perf_counter()
            ledger.take_identity_lock = take
        with connect(url) as connection:
            cases = connection.execute(
                "select case_id, version from identity.review_cases where status = 'open' order by md5(case_id::text)"
                " limit 21"
            ).fetchall()
        saves = []
        for number, (case_id, version) in enumerate(cases):
            with connect(url) as connection:
                begun = time.perf_counter()
                (confirm, reject)[number % 2](connection, case_id, version, actor="steward")
                saves.append(1000 * (time.perf_counter() - begun))
        print(
            f"{size:>9,} records: first load {end - start:6.2f} s, of them {end - locked[-1]:6.2f} s with the lock;"
            f" a save {np.median(saves[1:]):.0f} ms (worst {max(saves[1:]):.0f}, the first of a process {saves[0]:.0f})"
        )


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ["10000", "100000"]:
        measure(int(wanted))
