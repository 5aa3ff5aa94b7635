"""Brings a batch into the measured index, in a process of its own, while others save."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.api.index import Index
from empi_pipeline.servers import POSTGRES_URL


class Running:
    """A batch under way."""

    def __init__(self, process: "multiprocessing.process.BaseProcess") -> None:
        self._process = process
        self._ended: float | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it is not done yet."""
        if self._ended is None and not self._process.is_alive():
            self._ended = time.perf_counter()
        return self._ended is None

    @property
    def ended(self) -> float:
        """When it was seen to be done (`perf_counter`)."""
        assert not self.goes_on
        assert self._ended is not None
        return self._ended


@contextmanager
def bringing_in(made: Index) -> Iterator[Running]:
    """The real job, from objects in S3 to the published crosswalk."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(made.url, made.batch_id))
    process.start()
    try:
        yield Running(process)
    finally:
        process.join()
    assert process.exitcode == 0, "the batch failed"


def _run(url: str, batch_id: str) -> None:
    os.environ[POSTGRES_URL] = url
    from empi_pipeline.automation.local import pipeline

    with pipeline() as running:
        begin = time.perf_counter()
        outcome = running.run_batch(batch_id)
        print(f"the batch took {time.perf_counter() - begin:.0f} s")
        raise SystemExit(0 if outcome.success else 1)
