"""Progress of a run in this process: a Dagster logger that tells which step starts, and nothing else."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import dagster as dg

PROGRESS_LOGGER: Final = "progress"

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("empi_progress_listener", default=None)


@contextmanager
def listening(tell: Callable[[str], None] | None) -> Iterator[dict[str, Any]]:
    """Tell the listener the name of each step that starts.

    Yields:
        The run configuration that sends a run's log to this listener and not to the console.
    """
    token = _listener.set(tell)
    try:
        yield {"loggers": {PROGRESS_LOGGER: {"config": {}}}}
    finally:
        _listener.reset(token)


class _StepStarts(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell = _listener.get()
        event = (getattr(record, "dagster_meta", None) or {}).get("dagster_event")
        if tell is not None and event is not None and event.event_type is dg.DagsterEventType.STEP_START:
            tell(str(event.step_key))


@dg.logger(config_schema={}, description="Tells the command line which step starts.")
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger of its own for each run."""
    logger = logging.Logger(PROGRESS_LOGGER, level=logging.DEBUG)
    logger.addHandler(_StepStarts())
    return logger
