"""The identity transaction under kill -9 and under competition."""

import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import reject
from empi_pipeline.identity.errors import IdentityBusyError, StalePredictions
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.ledger import writing_identity
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection, connect
from empi_pipeline_tests.identity.world import World


def scene(connection: Connection) -> World:
    """An index with a case, and a batch to come that merges, assigns, opens, updates and closes."""
    world = World(connection, guards=Guards())
    world.load(
        {"a": {}, "b": {}, "c": {"sex": "f"}, "d": {}, "e": {}}, [("a", "b", 0.99), ("c", "d", 0.5), ("a", "e", 0.5)]
    )
    world.deliver(
        {"k": {}, "l": {"sex": "m"}, "m": {}}, [("k", "a", 0.99), ("k", "e", 0.98), ("c", "l", 0.99), ("m", "d", 0.5)]
    )
    connection.commit()
    return world


def state(world: World) -> dict[str, Any]:
    """Everything but the random ids."""
    run = world.connection.execute
    return {
        "persons": world.persons(),
        "cases": world.cases(),
        "closed": world.cases(status="closed"),
        "versions": run(
            "select version, record_count, count(*) from identity.persons group by 1, 2 order by 1, 2"
        ).fetchall(),
        "events": run(
            "select change_id, event_no, kind, record_id, cause, linked_record_id from identity.events order by 1, 2"
        ).fetchall(),
        "changes": run("select change_id, kind, batch_id, event_count from identity.changes order by 1").fetchall(),
    }


def work(database: str, fatal_statement: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "empi_pipeline_tests.faults.identity_worker", database, "batch-2", str(fatal_statement)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def killed_at(connection: Connection, database: str, statements: range) -> None:
    world = scene(connection)
    before = state(world)
    connection.commit()
    for statement in statements:
        done = work(database, statement)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert state(world) == before, f"killed at statement {statement}, something was written"
        connection.commit()
    if done.returncode != 0:
        assert work(database, 0).returncode == 0
    after = state(world)
    connection.commit()
    assert [str(problem) for problem in verify(connection)] == []
    assert [str(problem) for problem in verify_evidence(connection, world.policy)] == []
    assert work(database, 0).returncode == 0
    assert state(world) == after, "a replay added something"
    assert after["persons"] == {frozenset("abke"), frozenset("c"), frozenset("l"), frozenset("d"), frozenset("m")}
    assert [row[0] for row in after["changes"]] == [1, 2]


def test_killed_in_the_middle_nothing_is_written_and_the_retry_ends_as_if_nothing_had_happened(
    connection: Connection, database: str
) -> None:
    killed_at(connection, database, range(27, 60, 11))


@pytest.mark.long
def test_killed_at_every_statement(connection: Connection, database: str) -> None:
    killed_at(connection, database, range(1, 500))


def test_two_workers_on_one_batch_apply_it_once(connection: Connection, database: str) -> None:
    world = scene(connection)
    answers: list[Any] = []

    def apply() -> None:
        with connect(database) as own:
            answers.append(World.apply(_on(world, own), "batch-2"))

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

    threads = [threading.Thread(target=apply, args=[f"batch-{number}"]) for number in (2, 3)]
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
