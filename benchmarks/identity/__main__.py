"""Speed of the identity room against its floors, as one table: `python -m benchmarks.identity [--small]`.

Large components, crowds of different records, clustering and assignment of a whole index, and one batch applied to
indexes of different sizes. Both sides of a ratio are measured in turn, in one run.
"""

import argparse
from collections.abc import Iterable

from benchmarks.identity import batches, components, crowds, from_scratch
from benchmarks.identity.measure import HEADER, Row, seconds
from benchmarks.identity.synthetic import databases, deliver, make_model
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.postgres import connect


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tenth of the sizes: a check that takes a minute")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each side; the median counts")
    arguments = parser.parse_args()
    scale, rounds = (10 if arguments.small else 1), arguments.rounds
    print(HEADER)
    show(components.rows(100_000 // scale, rounds))
    for line in components.memory(100_000 // scale):
        print(line)
    show(crowds.rows(5_000 // scale, min(rounds, 3)))
    for line in crowds.memory(5_000 // scale):
        print(line)
    sizes = [10_000, 100_000] if arguments.small else [10_000, 100_000, 1_000_000]
    with databases(len(sizes)) as addresses:
        urls, models = dict(zip(sizes, addresses, strict=True)), dict[int, int]()
        for size, url in urls.items():
            with connect(url) as connection:
                models[size] = make_model(connection)
                deliver(connection, "first", batches.FIRST, size, *batches.index_links(size), models[size])
            with connect(url, autocommit=True) as connection:
                connection.execute("vacuum analyze")
            if size == max(sizes):
                show(from_scratch.rows(url, "first", batches.FIRST, size, rounds))
            with connect(url) as connection:
                taken = seconds(lambda: apply_batch(connection, "first"))
            print(f"{f'first load of {size:,} records, committed':<62}{taken:>9.4f}")
            with connect(url, autocommit=True) as connection:
                connection.execute("vacuum analyze")
        show(batches.rows(urls, models, rounds))


def show(rows: Iterable[Row]) -> None:
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    main()
