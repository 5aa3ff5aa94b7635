"""Runs open batches while no Dagster daemon does: for `empi api` alone, so that what is imported gets matched."""

import logging
import os
import signal
import sys
import threading
import time
from typing import Final

from empi_pipeline.errors import ConflictError, EmpiError
from empi_pipeline.intake import ledger
from empi_pipeline.intake.claims import is_claimed
from empi_pipeline.postgres import connect
from empi_pipeline.servers import POSTGRES_URL
from empi_pipeline.settings import Settings, read_settings

_LOG: Final = logging.getLogger(__name__)
_LOOK_EVERY_SECONDS: Final = 2.0
_DAEMON_ALIVE_SECONDS: Final = 120.0
"""A daemon tells that it lives every half minute."""


def next_batch(url: str, settings: Settings) -> str | None:
    """The oldest open batch that nobody works on; those that failed too often are given up."""
    with connect(url, autocommit=True) as connection:
        for batch in ledger.open_batches(connection):
            if is_claimed(connection, batch.batch_id):
                continue
            if batch.attempts < settings.intake.batch_attempts:
                return batch.batch_id
            ledger.give_up(
                connection,
                batch.batch_id,
                "failed too often; `POST /jobs/{id}/retry` or `empi batches retry` tries again",
            )
    return None


def daemon_lives() -> bool:
    """Whether a Dagster daemon runs sensors on this instance."""
    from empi_pipeline.automation.local import local_instance

    beats = local_instance().get_daemon_heartbeats()
    return any(
        kind == "SENSOR" and time.time() - beat.timestamp < _DAEMON_ALIVE_SECONDS for kind, beat in beats.items()
    )


def work(stop: threading.Event, parent: int) -> None:
    """Look for open batches and run them, one after the other.

    Args:
        stop: Ends it between two batches.
        parent: The process it works for: it ends with it.
    """
    settings = read_settings()
    url = os.environ[POSTGRES_URL]
    while not stop.wait(_LOOK_EVERY_SECONDS) and os.getppid() == parent:
        try:
            batch_id = next_batch(url, settings)
            # Asked only when there is something to do: it imports Dagster.
            if batch_id is not None and not daemon_lives():
                run(batch_id)
        except EmpiError as error:
            _LOG.warning("%s", error)


def run(batch_id: str) -> None:
    """Run one batch in this process."""
    from empi_pipeline.automation.local import pipeline

    try:
        with pipeline() as running:
            outcome = running.run_batch(batch_id)
    except ConflictError:
        return  # Somebody else took it.
    _LOG.info("batch %s %s", batch_id, "applied" if outcome.success else f"failed in {outcome.failed_step}")


def main() -> None:
    """Work for the process whose number is the first argument."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    work(stop, int(sys.argv[1]))


if __name__ == "__main__":
    main()
