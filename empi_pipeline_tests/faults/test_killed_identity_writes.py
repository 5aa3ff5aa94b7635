"""Whatever writes identities, killed with SIGKILL at the boundaries of its statements: all happened, or nothing."""

import multiprocessing
import signal

import pytest

from empi_pipeline.errors import EmpiError
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.faults.identity_acts import ACTS, do_and_die, scene
from empi_pipeline_tests.identity.world import GUARDED
from empi_pipeline_tests.properties.histories.observed import State, observe, wrong_between, wrong_in

# A server that has everything imported and nothing open: each process to be killed costs some milliseconds.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["empi_pipeline_tests.faults.identity_acts"])


@pytest.mark.parametrize("act", ACTS)
def test_killed_it_has_done_nothing_and_the_retry_ends_as_if_nothing_had_happened(
    connection: Connection, database: str, act: str
) -> None:
    killed_at(connection, database, act, range(2, 300, 13))


@pytest.mark.long
@pytest.mark.parametrize("act", ACTS)
def test_killed_at_every_statement(connection: Connection, database: str, act: str) -> None:
    killed_at(connection, database, act, range(1, 300))


def killed_at(connection: Connection, database: str, act: str, statements: range) -> None:
    scene(connection)
    before = observe(connection)
    done = False
    for statement in statements:
        process = _PROCESSES.Process(target=do_and_die, args=(database, act, statement))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            done = True  # For the first time, or told once more.
            break
        if process.exitcode == 1:
            assert done, "failed without having been done before"
            break
        assert process.exitcode == -signal.SIGKILL
        after = observe(connection)
        if done or len(after.changes) > len(before.changes):
            # Killed after the commit: whoever tries again is refused, or told what happened.
            done = True
            assert len(after.changes) == len(before.changes) + 1
        else:
            assert after.same_as(before), f"killed at statement {statement}, something was written"
        connection.commit()
    assert done, f"{act} takes more statements than were tried"
    after = sound(connection, before)
    try:
        ACTS[act](connection)
    except EmpiError:
        connection.rollback()
    assert observe(connection).same_as(after), "tried again, something was added"


def sound(connection: Connection, before: State) -> State:
    after = observe(connection)
    assert [*wrong_in(after), *wrong_between(before, after, None)] == []
    assert [str(problem) for problem in [*verify(connection), *verify_evidence(connection, GUARDED)]] == []
    assert len(after.changes) == len(before.changes) + 1
    return after
