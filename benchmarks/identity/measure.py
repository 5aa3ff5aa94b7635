"""Timing of two sides in turn, and the rows of the table."""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was done.
        ours: Median seconds.
        floor: Median seconds of what it is compared with.
        ratio: Median of the ratios of the single rounds, so that a busy machine weighs on both sides.
        target: Highest ratio that the figures allow; None where none is set.
    """

    name: str
    ours: float
    floor: float
    ratio: float
    target: float | None

    def __str__(self) -> str:
        verdict = (
            "" if self.target is None else f"  of {self.target:g}" + ("" if self.ratio <= self.target else "  MISSED")
        )
        return f"{self.name:<62}{self.ours:>9.4f}{self.floor:>9.4f}{self.ratio:>7.1f} x{verdict}"


HEADER = f"{'':<62}{'ours, s':>9}{'floor, s':>9}{'ratio':>9}"


def compared(
    name: str, ours: Callable[[], object], floor: Callable[[], object], target: float | None, rounds: int
) -> Row:
    """Both sides in turn, after one round to warm up, in processor seconds: others may be busy on the machine."""
    times: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        pair = seconds(floor, time.process_time), seconds(ours, time.process_time)
        if number:
            times.append(pair)
    return row_of(name, [mine for _, mine in times], [plain for plain, _ in times], target)


def row_of(name: str, ours: list[float], floor: list[float], target: float | None) -> Row:
    """A row from the times of single rounds."""
    ratios = [mine / plain for mine, plain in zip(ours, floor, strict=True)]
    return Row(name, statistics.median(ours), statistics.median(floor), statistics.median(ratios), target)


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long it takes."""
    start = clock()
    work()
    return clock() - start


def peak_megabytes(work: Callable[[], object]) -> float:
    """Most memory that Python and numpy held at once, above what they held before (DuckDB's own is not seen)."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6
