from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empi_pipeline.automation.dispatch import GRACE, BatchRun, Dispatch, OpenBatch, RunState, dispatch

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO = NOW - GRACE - timedelta(seconds=1)


def _one(batch: OpenBatch, *runs: BatchRun, allowed: int = 3) -> Dispatch:
    return dispatch([batch], {batch.batch_id: runs}, NOW, allowed)


def test_a_batch_without_a_run_gets_one() -> None:
    assert _one(OpenBatch("b", 0, is_claimed=False)) == Dispatch(("b",), (), ())


def test_a_batch_somebody_works_on_is_left_alone_whatever_dagster_believes() -> None:
    assert _one(OpenBatch("b", 9, is_claimed=True), BatchRun("r", RunState.STARTED, LONG_AGO)) == Dispatch((), (), ())


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.STARTED])
def test_a_batch_whose_run_is_on_its_way_waits(state: RunState) -> None:
    assert _one(OpenBatch("b", 1, is_claimed=False), BatchRun("r", state, NOW)) == Dispatch((), (), ())


def test_a_queued_run_may_wait_as_long_as_the_queue_is() -> None:
    assert _one(OpenBatch("b", 1, is_claimed=False), BatchRun("r", RunState.PENDING, LONG_AGO)) == Dispatch((), (), ())


def test_a_started_run_without_a_claim_is_buried_and_the_next_tick_asks_again() -> None:
    killed = OpenBatch("b", 1, is_claimed=False)
    assert _one(killed, BatchRun("r", RunState.STARTED, LONG_AGO)) == Dispatch((), (), ("r",))
    assert _one(killed, BatchRun("r", RunState.ENDED, LONG_AGO)) == Dispatch(("b",), (), ())


def test_attempts_are_bounded() -> None:
    failed = BatchRun("r", RunState.ENDED, LONG_AGO)
    assert _one(OpenBatch("b", 2, is_claimed=False), failed) == Dispatch(("b",), (), ())
    assert _one(OpenBatch("b", 3, is_claimed=False), failed) == Dispatch((), ("b",), ())


def test_a_batch_open_after_a_successful_run_is_tried_again() -> None:
    # A run of single assets from the UI succeeds without applying the batch.
    assert _one(OpenBatch("b", 0, is_claimed=False), BatchRun("r", RunState.SUCCEEDED, LONG_AGO)).request == ("b",)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.booleans(),
            st.lists(st.tuples(st.sampled_from(RunState), st.sampled_from([NOW, LONG_AGO])), max_size=3),
        ),
        max_size=8,
    )
)
def test_each_batch_gets_at_most_one_answer_and_never_a_second_living_run(
    drawn: list[tuple[int, bool, list[tuple[RunState, datetime]]]],
) -> None:
    batches = [OpenBatch(str(at), attempts, is_claimed=claimed) for at, (attempts, claimed, _) in enumerate(drawn)]
    runs = {
        str(at): [BatchRun(f"{at}/{number}", state, since) for number, (state, since) in enumerate(each)]
        for at, (_, _, each) in enumerate(drawn)
    }
    decided = dispatch(batches, runs, NOW, 3)
    assert not set(decided.request) & set(decided.give_up)
    for batch in batches:
        living = [run for run in runs[batch.batch_id] if run.state in {RunState.PENDING, RunState.STARTED}]
        if batch.is_claimed or living:
            assert batch.batch_id not in decided.request + decided.give_up
