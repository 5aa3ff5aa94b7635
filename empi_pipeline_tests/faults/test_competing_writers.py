"""Several who write identities at once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity import ledger
from empi_pipeline.identity.decisions import confirm, reject
from empi_pipeline.identity.errors import IdentityBusyError, StalePredictions
from empi_pipeline.identity.ledger import prepared_under_lock, take_identity_lock, writing_identity
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection, connect
from empi_pipeline_tests.faults.identity_acts import ACTS, NEXT_BATCH, scene
from empi_pipeline_tests.identity.world import GUARDED, World
from empi_pipeline_tests.properties.histories.observed import observe, wrong_in


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


def test_a_batch_and_a_rematch_at_once_end_as_one_after_the_other(connection: Connection, database: str) -> None:
    scene(connection)
    outcomes = at_once(database, [ACTS["batch"], ACTS["rematch"]] * 2)
    applied = [row[0] for row in connection.execute("select kind from identity.changes where change_id > 4")]
    assert sorted(applied) in (["batch"], ["batch", "rematch"])
    # Whoever came too late was told: the rescoring had not seen the batch, or was used up.
    assert {type(error) for error in outcomes if isinstance(error, Exception)} <= {StalePredictions}
    assert sound(connection) == []


def test_a_batch_scored_again_while_it_waits_for_the_lock_is_worked_out_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection)
    batch = world.deliver("ab", [("a", "b", 0.5)])

    def scored_again_first(own: Connection) -> None:
        own.execute("update matching.predictions set match_probability = 0.99, match_weight = 6.6")
        own.execute("update matching.scored_batches set scored_at = clock_timestamp()")
        take_identity_lock(own)

    monkeypatch.setattr(ledger, "take_identity_lock", scored_again_first)
    world.apply(batch)
    assert world.persons() == {frozenset("ab")}


def test_a_long_preparation_lets_stewards_in_but_not_for_ever(connection: Connection, database: str) -> None:
    scene(connection)
    prepared = 0

    def prepare() -> int:
        nonlocal prepared
        with connect(database) as other, writing_identity(other, patience_seconds=0.1):  # Nobody holds the lock.
            other.execute(
                "insert into identity.notes (case_id, actor, note) values (1, 'ann', %s)", [f"save {prepared}"]
            )
        prepared += 1
        return prepared

    def relied_on() -> object:
        return connection.execute("select count(*) from identity.notes").fetchone()

    with connection.transaction():
        with pytest.raises(IdentityBusyError):  # The fourth time it is the one that holds it.
            prepared_under_lock(connection, prepare, relied_on, patient_from=0.0)
        assert prepared == 3


def test_readers_never_see_half_a_change(connection: Connection, database: str) -> None:
    scene(connection)
    stop, seen, wrong = threading.Event(), set[int](), list[str]()

    def read() -> None:
        with connect(database) as own:
            while not stop.is_set():
                state = observe(own)
                seen.add(len(state.changes))
                wrong.extend(wrong_in(state))
                wrong.extend(map(str, verify(own)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for act in ("split", "batch", "undo", "withdrawal"):
        with connect(database) as own:
            ACTS[act](own)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(seen) > 1


def test_of_fifty_saves_beside_a_batch_none_is_lost(connection: Connection, database: str) -> None:
    world = World(connection)
    pairs = [(f"l{number}", f"r{number}", 0.5) for number in range(50)]
    world.load([name for one, other, _ in pairs for name in (one, other)], pairs)
    many = [f"n{number}" for number in range(2000)]
    batch = world.deliver(many, [(f"n{number}", f"l{number}", 0.99) for number in range(50)])
    connection.commit()

    def save(case_id: int) -> Callable[[Connection], Any]:
        act = confirm if case_id % 2 else reject
        return lambda own: act(own, case_id, 1, actor=f"steward {case_id}", policy=world.policy, patience_seconds=30)

    outcomes = at_once(database, [lambda own: World.apply(_on(world, own), batch), *map(save, range(1, 51))])
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    # The batch changes each case by a record: whoever looked before and saves after is told.
    assert {type(failure) for failure in failures} <= {ConflictError, IdentityBusyError}
    saved = {outcome.change_id for outcome in outcomes if isinstance(outcome, Saved)}
    assert len(saved) == 50 - len(failures)
    assert connection.execute(
        "select array_agg(change_id order by change_id) from identity.changes where kind = 'decision'"
    ).fetchone() == (sorted(saved) or None,)
    in_force = connection.execute("select count(distinct case_id) from identity.decisions").fetchone()
    assert in_force == (len(saved),)
    assert sound(connection) == []


def at_once(database: str, acts: Sequence[Callable[[Connection], Any]]) -> list[Any]:
    """What came of acts begun at the same moment, each on a connection of its own: what it returned, or its error."""
    begin, outcomes = threading.Barrier(len(acts)), list[Any]()

    def do(act: Callable[[Connection], Any]) -> None:
        try:
            with connect(database) as own:
                begin.wait()
                outcomes.append(act(own))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=do, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def sound(connection: Connection) -> list[str]:
    connection.rollback()
    return [str(problem) for problem in [*verify(connection), *verify_evidence(connection, GUARDED)]]


def _on(world: World, connection: Connection) -> World:
    """The same world, seen through another connection."""
    other = object.__new__(World)
    other.__dict__.update({**world.__dict__, "connection": connection})
    return other
