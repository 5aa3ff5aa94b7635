"""Random lives of an index: batches, decisions, undos, rematches, withdrawals, kills. All promises always hold.

`make test-long` lives EMPI_HISTORIES of them; `python -m empi_pipeline_tests.properties.histories` many, in several
processes.
"""

import os

import pytest

from empi_pipeline.postgres import connect
from empi_pipeline_tests.properties.histories.campaign import STEPS, campaign, database_of_histories, live_through
from empi_pipeline_tests.properties.histories.life import Life, ViolationError

LONG = int(os.environ.get("EMPI_HISTORIES", "400"))


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_every_promise_holds_after_every_step_of_short_histories(postgres_server: str, first: int) -> None:
    broken = [
        (seed, wrong) for seed, wrong in live_through(postgres_server, iter(range(first, first + 30)), 6) if wrong
    ]
    assert broken == []


@pytest.mark.long
@pytest.mark.timeout(0)
def test_every_promise_holds_after_every_step_of_thousands_of_histories(postgres_server: str) -> None:
    assert campaign(postgres_server, range(1000, 1000 + LONG), STEPS, 2, None) == []


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("update identity.membership set person_id = (select person_id from identity.persons limit 1)", "fold"),
        ("update identity.persons set version = version - 1 where version > 1", "changed and its version did not"),
        ("update identity.persons set record_count = record_count + 1", "counts"),
        ("update identity.review_cases set version = version + 1", "went from version"),
        ("delete from identity.case_pairs", "asks nothing"),
        ("update identity.decisions set revoked_change_id = 1", "not in force"),
    ],
)
def test_a_history_notices_when_something_is_wrong(postgres_server: str, harm: str, complaint: str) -> None:
    """The harm is done within each act from the fifth step on; some act of some history must be seen through."""
    with database_of_histories(postgres_server) as url, connect(url) as connection:
        for seed in range(100, 130):
            life = Life(connection, url, seed, kills=0)
            life.live(5)
            life.harm = harm
            try:
                life.live(5)
            except ViolationError as error:
                if complaint in str(error):
                    return
    raise AssertionError("nobody noticed")
