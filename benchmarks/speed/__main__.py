"""`python -m benchmarks.speed [SIZE ...]`: what a first load and a batch cost, part by part, against their floor.

For each size (10k and 100k; ask for 1M) a synthetic population is brought into an empty index of embedded servers, then
a batch of 1,000 more records, through the real Dagster job in a warm process: from objects in S3 to the committed
crosswalk. The floor is the COPY of the same rows into Postgres and out again, and Splink's scoring of the same cleaned
records (of a batch: with its candidates) with the same model, in memory. The load and its floor are measured one after
the other in one run: read the ratio, not the seconds, on a machine that others use.

Last comes the plan of a rematch, all records scored again and nothing changed; its floor is that of the first load.
"""

import argparse
import cProfile
import json
import os
import platform
import statistics
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from benchmarks.speed.floor import Floor
from benchmarks.speed.loads import bring_in, fresh_index, people, plan_rematch, run
from benchmarks.speed.meter import COLUMNS, Cost, Meter
from benchmarks.speed.plot import plot

Figures = dict[str, Cost]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["10k", "100k"], metavar="SIZE", help="records, such as 10k or 1M")
    parser.add_argument("--batch", type=int, default=1_000, help="records of the batch that follows (about)")
    parser.add_argument("--rounds", type=int, default=1, help="each into an empty index; the median is shown")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw where the CPU goes, as SVG")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="write FILE.load and FILE.batch (for pstats)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="empi-bench-warm-") as folder:
        # Warms the process, not the index: a model is frozen on the records that are measured.
        measure(Path(folder) / "people", 500, 100, chosen.seed, None)
    results = {}
    for size in chosen.sizes:
        rounds = []
        for _ in range(chosen.rounds):
            with tempfile.TemporaryDirectory(prefix="empi-bench-people-") as folder:
                rounds.append(
                    measure(Path(folder) / "people", records(size), chosen.batch, chosen.seed, chosen.profile)
                )
        results[size] = median(rounds)
        show(size, results[size])
        sys.stdout.flush()
    if chosen.plot:
        plot(results, chosen.plot)
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        shown = {size: {name: cost.rounded() for name, cost in figures.items()} for size, figures in results.items()}
        chosen.json.write_text(json.dumps({"machine": machine, "sizes": shown}, indent=2), encoding="utf-8")


def records(size: str) -> int:
    """10k and 1M as numbers."""
    factor = {"k": 1_000, "m": 1_000_000}.get(size[-1].lower(), 1)
    return int(float(size.rstrip("kKmM")) * factor)


def measure(folder: Path, size: int, batch: int, seed: int, profile: Path | None) -> Figures:
    """The cost of a first load and of a batch, by part, and of their floors."""
    made = people(folder, size, batch, seed)
    costs: Figures = {}
    with fresh_index() as running, running.connect(autocommit=True) as watching:
        meter = Meter(watching)
        for name, delivery in zip(("load", "batch"), made.deliveries, strict=True):
            batch_id = bring_in(running, folder / delivery)
            with profiled(profile and profile.with_suffix(f".{name}")), meter.stretch(costs, name) as begins:
                run(running, batch_id, begins)
            with running.connect() as connection:
                floor = Floor(connection, batch_id)
                for part, work in floor.parts().items():
                    with meter.stretch(costs, f"{name} floor {part}"):
                        work()
        with meter.stretch(costs, "rematch plan") as begins:
            plan_rematch(running, begins)
    return costs


def profiled(profile: Path | None) -> cProfile.Profile | nullcontext[None]:
    """Profile this thread; the steps of a run are executed in it."""
    if profile is None:
        return nullcontext()

    class Written(cProfile.Profile):
        def __exit__(self, *details: object) -> None:
            super().__exit__(*details)
            self.dump_stats(profile)

    return Written()


def median(rounds: list[Figures]) -> Figures:
    """Part by part and figure by figure."""
    names = [name for name in rounds[0] if all(name in each for each in rounds)]
    return {
        name: Cost(*(statistics.median(getattr(each[name], column) for each in rounds) for column in COLUMNS))
        for name in names
    }


def show(size: str, costs: Figures) -> None:
    """The table of one size."""
    print(f"\n{size} records, then a batch\n{'':<44}" + "".join(f"{column:>14}" for column in COLUMNS))
    for name, cost in costs.items():
        indented = f"  {name.partition(': ')[2]}" if ": " in name else name
        print(f"{indented:<44}" + "".join(f"{getattr(cost, column):>14,.2f}" for column in COLUMNS))
    for name, under in (("load", "load"), ("batch", "batch"), ("rematch plan", "load")):
        floor = costs[f"{under} floor copy"], costs[f"{under} floor score"]
        seconds = costs[name].seconds / sum(part.seconds for part in floor)
        cpu = used(costs[name]) / sum(used(part) for part in floor)
        print(f"{name} / floor: {seconds:.1f} in seconds, {cpu:.1f} in CPU seconds")


def used(cost: Cost) -> float:
    """CPU seconds of both."""
    return cost.python_cpu + cost.postgres_cpu


if __name__ == "__main__":
    main()
