"""Progress of a run in this process: a Dagster logger that tells which step starts, and what our own errors say."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import dagster as dg

from empi_pipeline.errors import EmpiError

PROGRESS_LOGGER: Final = "progress"

RUN_CONFIG: Final[dict[str, Any]] = {"loggers": {PROGRESS_LOGGER: {"config": {}}}}
"""Sends a run's log to the listener and not to the console."""


@dataclass(slots=True)
class Listener:
    """Hears a run. `errors` are the messages logged as errors, in order; `refusal` is the first of our own errors."""

    tell: Callable[[str], None] | None
    errors: list[str] = field(default_factory=list)
    refusal: EmpiError | None = None


_listener: ContextVar[Listener | None] = ContextVar("empi_progress_listener", default=None)


@contextmanager
def listening(tell: Callable[[str], None] | None) -> Iterator[Listener]:
    """Tell the name of each step that starts, and keep the errors."""
    listener = Listener(tell)
    token = _listener.set(listener)
    try:
        yield listener
    finally:
        _listener.reset(token)


def keep_refusal(error: EmpiError) -> None:
    """Let whoever listens to this run know why it was refused: its message is for people, without more ado."""
    listener = _listener.get()
    if listener is not None and listener.refusal is None:
        listener.refusal = error


class _Hearing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        listener = _listener.get()
        if listener is None:
            return
        meta = getattr(record, "dagster_meta", None) or {}
        event = meta.get("dagster_event")
        if event is None and record.levelno >= logging.ERROR:
            listener.errors.append(str(meta.get("orig_message", record.getMessage())))
        elif event is not None and event.event_type is dg.DagsterEventType.STEP_START and listener.tell:
            listener.tell(str(event.step_key))


@dg.logger(config_schema={}, description="Tells the command line which step starts.")
def progress_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """A logger of its own for each run."""
    logger = logging.Logger(PROGRESS_LOGGER, level=logging.DEBUG)
    logger.addHandler(_Hearing())
    return logger
