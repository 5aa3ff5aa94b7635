"""Several who write identities at once."""

import threading
from typing import Any

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import reject
from empi_pipeline.identity.errors import IdentityBusyError, StalePredictions
from empi_pipeline.identity.ledger import writing_identity
from empi_pipeline.identity.verify import verify
from empi_pipeline.postgres import Connection, connect
from empi_pipeline_tests.faults.identity_acts import NEXT_BATCH, scene
from empi_pipeline_tests.identity.world import World


def test_two_workers_on_one_batch_apply_it_once(connection: Connection, database: str) -> None:
    world = scene(connection)
    answers: list[Any] = []

    def apply() -> None:
        with connect(database) as own:
            answers.append(World.apply(_on(world, own), NEXT_BATCH))

    threads = [threading.Thread(target=apply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert answers[0] == answers[1]
    assert [str(problem) for problem in verify(connection)] == []


def test_two_workers_on_two_batches_never_apply_one_that_has_not_seen_the_other(
    connection: Connection, database: str
) -> None:
    world = scene(connection)
    world.deliver("xy", [("x", "a", 0.99)])
    connection.commit()
    outcomes: list[str] = []

    def apply(batch: str) -> None:
        try:
            with connect(database) as own:
                World.apply(_on(world, own), batch)
                outcomes.append("applied")
        except StalePredictions:
            outcomes.append("stale")

    threads = [threading.Thread(target=apply, args=[f"batch-{number}"]) for number in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "stale"]
    assert [str(problem) for problem in verify(connection)] == []


def test_a_save_does_not_wait_for_a_long_write_but_says_so(connection: Connection, database: str) -> None:
    world = scene(connection)
    with connect(database) as other, writing_identity(other), pytest.raises(IdentityBusyError, match="try again"):
        reject(connection, 1, 1, actor="ann", policy=world.policy, patience_seconds=0.2)
    connection.rollback()
    reject(connection, 1, 1, actor="ann", policy=world.policy)


def test_of_many_saves_of_one_case_one_wins_and_the_others_are_told(connection: Connection, database: str) -> None:
    world = scene(connection)
    outcomes: list[str] = []

    def save() -> None:
        try:
            with connect(database) as own:
                reject(own, 1, 1, actor="ann", policy=world.policy, patience_seconds=60)
                outcomes.append("saved")
        except ConflictError:
            outcomes.append("told")

    threads = [threading.Thread(target=save) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", *["told"] * 7]
    assert [str(problem) for problem in verify(connection)] == []


def _on(world: World, connection: Connection) -> World:
    """The same world, seen through another connection."""
    other = object.__new__(World)
    other.__dict__.update({**world.__dict__, "connection": connection})
    return other
