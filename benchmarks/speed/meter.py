"""What a stretch of work costs: wall clock, CPU and memory of this process and of Postgres, bytes Postgres writes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

import psutil

from empi_pipeline.postgres import Connection

_PYTHON_EVERY = 0.02
_POSTGRES_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and megabytes.

    Attributes:
        seconds: Wall clock.
        python_cpu, postgres_cpu: CPU seconds, all threads and processes.
        python_mb, postgres_mb: Highest resident memory meanwhile, sampled. Of Postgres the proportional share (PSS) of
            all its processes, so that shared buffers count once.
        wal_mb: Written to the write-ahead log.
    """

    seconds: float
    python_cpu: float
    postgres_cpu: float
    python_mb: float
    postgres_mb: float
    wal_mb: float

    def rounded(self) -> dict[str, float]:
        """As a dictionary, to the hundredth."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


COLUMNS = tuple(field.name for field in fields(Cost))


class Meter:
    """Measures stretches of work of this process and of the Postgres on this machine that `connection` speaks to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        (pid,) = connection.execute("select pg_backend_pid()").fetchone() or (0,)
        server = psutil.Process(pid).parent()
        if server is None:
            raise RuntimeError("the Postgres of a benchmark must run on this machine")
        self._server = server
        self._python = psutil.Process()
        self._highest = {"python": 0, "postgres": 0}

    @contextmanager
    def stretch(self, costs: dict[str, Cost], name: str) -> Iterator[Callable[[str], None]]:
        """Measure what is done inside; the cost goes to `costs[name]`, that of its parts to `costs["name: part"]`.

        Yields:
            Call it with the name of a part that begins.
        """
        stop = threading.Event()
        watchers = [
            threading.Thread(
                target=self._watch, args=(stop, "python", _PYTHON_EVERY, self._python_memory), daemon=True
            ),
            threading.Thread(
                target=self._watch, args=(stop, "postgres", _POSTGRES_EVERY, self._postgres_memory), daemon=True
            ),
        ]
        marks = [(name, self._mark())]
        peaks: list[dict[str, int]] = []

        def begins(part: str) -> None:
            peaks.append(self._peaks())
            marks.append((f"{name}: {part}", self._mark()))

        self._peaks()
        for watcher in watchers:
            watcher.start()
        try:
            yield begins
        finally:
            stop.set()
            for watcher in watchers:
                watcher.join()
        peaks.append(self._peaks())
        end = self._mark()
        ends = [mark for _, mark in marks[1:]] + [end]
        whole = {each: max(peak[each] for peak in peaks) for each in self._highest}
        costs[name] = _cost(marks[0][1], end, whole)
        if len(marks) > 1:
            before = marks[0][1], ends[0]
            costs[f"{name}: before the first step"] = _cost(*before, peaks[0])
            for (part, start), finish, peak in zip(marks[1:], ends[1:], peaks[1:], strict=True):
                costs[part] = _cost(start, finish, peak)

    def _mark(self) -> tuple[float, float, float, float]:
        own = self._python.cpu_times()
        (position,) = self._connection.execute("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')").fetchone() or (0,)
        return time.perf_counter(), own.user + own.system, self._postgres_cpu(), float(position)

    def _postgres_cpu(self) -> float:
        # Of processes that ended their parent keeps the account.
        main = self._server.cpu_times()
        total = main.user + main.system + main.children_user + main.children_system
        for child in self._server.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def _python_memory(self) -> int:
        return int(self._python.memory_info().rss)

    def _postgres_memory(self) -> int:
        total = 0
        for process in [self._server, *self._server.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total

    def _watch(self, stop: threading.Event, whose: str, every: float, memory: Callable[[], int]) -> None:
        while True:
            self._highest[whose] = max(self._highest[whose], memory())
            if stop.wait(every):
                return

    def _peaks(self) -> dict[str, int]:
        """The highest since the last call, and begin anew."""
        peaks = {"python": max(self._highest["python"], self._python_memory()), "postgres": self._highest["postgres"]}
        self._highest["python"] = 0
        self._highest["postgres"] = 0 if peaks["postgres"] == 0 else self._postgres_memory()
        return peaks


def _cost(start: tuple[float, ...], end: tuple[float, ...], peak: dict[str, int]) -> Cost:
    seconds, python, postgres, wal = (later - earlier for earlier, later in zip(start, end, strict=True))
    return Cost(seconds, python, postgres, peak["python"] / 1e6, peak["postgres"] / 1e6, wal / 1e6)
