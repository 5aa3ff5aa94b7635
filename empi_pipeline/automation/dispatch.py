"""Which batches get a run now: a pure decision, so that every fault can be tested without a daemon."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

GRACE: Final = timedelta(seconds=90)
"""How long a started run may go without a claim on its batch: importing and connecting takes some seconds."""


class RunState(Enum):
    """What matters of a Dagster run's status."""

    PENDING = "pending"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that is not applied.

    Attributes:
        batch_id: The batch.
        attempts: Runs asked for so far, since it was last retried by hand.
        is_claimed: Whether a living process works on it.
    """

    batch_id: str
    attempts: int
    is_claimed: bool


@dataclass(frozen=True, slots=True)
class BatchRun:
    """A Dagster run of a batch."""

    run_id: str
    state: RunState
    since: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What to do.

    Attributes:
        request: Batches that get a run.
        give_up: Batches that used up their attempts and wait for people.
        bury: Runs that Dagster believes alive but whose process is gone.
    """

    request: tuple[str, ...]
    give_up: tuple[str, ...]
    bury: tuple[str, ...]


def dispatch(
    batches: Iterable[OpenBatch], runs: Mapping[str, Sequence[BatchRun]], now: datetime, attempts_allowed: int
) -> Dispatch:
    """Decide for each open batch.

    A batch somebody works on is left alone, and so is one whose run is on its way. A run that has started but holds
    no claim is dead after a grace: it is buried, and the next tick asks for another attempt.

    Args:
        batches: Open batches, oldest first; that is the order of the requests.
        runs: By batch, the runs Dagster knows.
        now: The time of the tick.
        attempts_allowed: Runs a batch gets before it is given up.
    """
    request, give_up, bury = [], [], []
    for batch in batches:
        if batch.is_claimed:
            continue
        living = [run for run in runs.get(batch.batch_id, ()) if run.state in {RunState.PENDING, RunState.STARTED}]
        dead = [run.run_id for run in living if run.state is RunState.STARTED and now - run.since > GRACE]
        bury += dead
        if living:
            continue
        if batch.attempts >= attempts_allowed:
            give_up.append(batch.batch_id)
        else:
            request.append(batch.batch_id)
    return Dispatch(tuple(request), tuple(give_up), tuple(bury))
