"""`python -m benchmarks.match [SIZE ...]`: the best candidates for one record, in a warm process, by size of the index.

The index is a synthetic population (10k, 100k; ask for 1M) on a server of its own, with the shipped model. Records that
the index does not have are asked about, each once, after a hundred others: cleaning remembers values it has seen, so
names come to cost less the more was asked. The first match makes the matcher and is told apart.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

from benchmarks.identity.synthetic import server
from benchmarks.match.index import fill
from benchmarks.speed.__main__ import records
from empi_pipeline.lookup import Matcher
from empi_pipeline.postgres import connect
from empi_pipeline.settings import Settings

_WARM = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["10k", "100k"], metavar="SIZE", help="records, such as 10k or 1M")
    parser.add_argument("--asked", type=int, default=1_000, help="records asked about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    chosen = parser.parse_args()
    print(
        f"{'records':>10}{'first, s':>10}{'median, ms':>12}{'p99, ms':>10}{'CPU, ms':>10}{'candidates':>12}{'found':>8}"
    )
    figures = {}
    for size in chosen.sizes:
        figures[size] = found = measure(records(size), chosen.asked, chosen.seed)
        print(
            f"{records(size):>10,}{found['first_s']:>10.2f}{found['median_ms']:>12.1f}{found['p99_ms']:>10.1f}"
            f"{found['cpu_ms']:>10.1f}{found['candidates']:>12.0f}{found['found']:>8.0%}"
        )
        sys.stdout.flush()
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        chosen.json.write_text(json.dumps({"machine": machine, "sizes": figures}, indent=2), encoding="utf-8")


def measure(size: int, asked: int, seed: int) -> dict[str, float]:
    """Milliseconds of wall clock (this process and Postgres), and of CPU of this process, a record."""
    with server() as url, Matcher(Settings()) as matcher:
        with connect(url) as connection:
            fields = fill(connection, size, asked + _WARM, seed)
        with connect(url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            start = time.perf_counter()
            matcher.match(connection, fields[0])
            first = time.perf_counter() - start
            for each in fields[1:_WARM]:
                matcher.match(connection, each)
            wall, candidates, found = [], [], 0
            cpu = time.process_time()
            for each in fields[_WARM:]:
                start = time.perf_counter()
                match = matcher.match(connection, each)
                wall.append(1000 * (time.perf_counter() - start))
                candidates.append(match.compared_records)
                found += bool(match.persons)
            cpu = time.process_time() - cpu
    return {
        "first_s": first,
        "median_ms": statistics.median(wall),
        "p99_ms": statistics.quantiles(wall, n=100)[98],
        "cpu_ms": 1000 * cpu / len(wall),
        "candidates": statistics.median(candidates),
        "most_candidates": max(candidates),
        "found": found / len(wall),
    }


if __name__ == "__main__":
    main()
