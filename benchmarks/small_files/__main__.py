"""`python -m benchmarks.small_files`: what it costs that rows come in many small objects instead of in one.

The same synthetic records are dropped into two empty inboxes of embedded servers: as one object, and as objects of ten
rows. Each drop goes the whole way in a warm process: the real arrivals sensor looks until nothing is left to plan, then
each of its batches runs through the real job, to the committed crosswalk. The difference, divided by the number of
objects, is what an object costs beyond its rows; both are measured in one run, one after the other.

Also told: how long the sensor's looks take (a tick has 60 seconds): the one that finds all, and one that finds
nothing new. `--inbox N` measures the looks alone, at N objects in the inbox, without matching them.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.small_files.drops import Sensor, as_objects, as_one_object, inbox, records_of, register_the_rest
from benchmarks.speed.loads import fresh_index, people, run
from benchmarks.speed.meter import Cost, Meter

Figures = dict[str, Cost]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10, help="of an object")
    parser.add_argument("--rounds", type=int, default=1, help="the median is shown")
    parser.add_argument(
        "--inbox", type=int, nargs="*", default=[], metavar="N", help="measure looks alone, at N objects"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    chosen = parser.parse_args()
    if chosen.inbox:
        for objects in chosen.inbox:
            looks(objects)
        return
    with tempfile.TemporaryDirectory(prefix="empi-bench-people-") as folder:
        made = people(Path(folder) / "people", chosen.objects * chosen.rows, 0, chosen.seed)
        records = records_of(Path(folder) / "people" / next(iter(made.deliveries)), chosen.objects * chosen.rows)
    header, rows = records[0], records[1:]
    ways: dict[str, Callable[[Path], int]] = {
        "in one object": lambda folder: as_one_object(folder, header, rows),
        "in many objects": lambda folder: as_objects(folder, header, rows, chosen.rows),
    }
    measure(lambda folder: as_objects(folder, header, rows[:2_000], chosen.rows))  # Warms the process.
    rounds: dict[str, list[Figures]] = {name: [] for name in ways}
    batches = {}
    for _ in range(chosen.rounds):
        for name, drop in ways.items():
            costs, batches[name] = measure(drop)
            rounds[name].append(costs)
    shown = {name: {step: _median([each[step] for each in of]) for step in of[0]} for name, of in rounds.items()}
    objects = len(rows) // chosen.rows
    show(shown, objects, batches)
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        told = {name: {step: cost.rounded() for step, cost in costs.items()} for name, costs in shown.items()}
        figures = {"machine": machine, "objects": objects, "rows": len(rows), "batches": batches, "costs": told}
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def measure(drop: Callable[[Path], int]) -> tuple[Figures, int]:
    """The cost of a drop, by step, and how many batches it became."""
    costs: Figures = {}
    with fresh_index() as running, running.connect(autocommit=True) as watching:
        sensor = Sensor(running)
        objects = drop(inbox())
        meter = Meter(watching)
        with meter.stretch(costs, "whole") as begins:
            begins("sensor plans")
            batches = sensor.look_until_nothing_is_left()
            for batch_id in batches:
                run(running, batch_id, begins)
        with meter.stretch(costs, "sensor finds nothing new"):
            sensor.look()
        with running.connect() as connection:
            (read,) = connection.execute("select count(*) from intake.arrivals where status = 'read'").fetchone() or ()
            assert read == objects, f"{read} of {objects} objects were read"
    return costs, len(batches)


def looks(objects: int) -> None:
    """How long the sensor looks at an inbox of so many objects."""
    header, row = b"data_source,source_person_id,last_name\n", b"lab,%d,Lovelace\n"
    with fresh_index() as running:
        sensor = Sensor(running)
        as_objects(inbox(), header, [row % number for number in range(objects)], 1)
        seconds = []
        for _ in range(2):
            begun = time.perf_counter()
            found = sensor.look()
            seconds.append(time.perf_counter() - begun)
            sensor.queue(found)
        register_the_rest(running)
        again = []
        for _ in range(2):
            begun = time.perf_counter()
            sensor.look()
            again.append(time.perf_counter() - begun)
        print(
            f"{objects:,} objects in the inbox: the first look {seconds[0]:.1f} s, the second {seconds[1]:.1f} s;"
            f" a look that finds nothing new {min(again):.1f} s",
            flush=True,
        )


def show(costs: dict[str, Figures], objects: int, batches: dict[str, int]) -> None:
    """One line a step: both ways, and the difference an object."""
    one, many = costs["in one object"], costs["in many objects"]
    print(f"\n{objects:,} objects; {', '.join(f'{name}: {count} batches' for name, count in batches.items())}")
    print(f"{'':<28}{'one object, s':>16}{'CPU':>8}{'many, s':>12}{'CPU':>8}{'ms an object':>16}{'CPU':>8}")
    for step in many:
        before, after = one.get(step), many[step]
        if before is None:
            continue
        name = step.removeprefix("whole: ")
        wall, cpu = (after.seconds - before.seconds) / objects, (_cpu(after) - _cpu(before)) / objects
        print(
            f"{name:<28}{before.seconds:>16.2f}{_cpu(before):>8.2f}{after.seconds:>12.2f}{_cpu(after):>8.2f}"
            f"{wall * 1000:>16.2f}{cpu * 1000:>8.2f}"
        )


def _cpu(cost: Cost) -> float:
    """Of Python and Postgres; the S3 endpoint is another process still."""
    return cost.python_cpu + cost.postgres_cpu


def _median(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda each: each.seconds)[len(costs) // 2]


if __name__ == "__main__":
    main()
