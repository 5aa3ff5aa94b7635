import pytest

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.decisions import merge
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def test_a_withdrawn_source_identity_leaves_nothing_but_that_it_happened(connection: Connection) -> None:
    world = World(connection)
    world.load(
        {"a": {}, "b": {"last_name": "CANARY"}, "c": {}, "d": {}}, [("a", "b", 0.99), ("b", "c", 0.5), ("a", "d", 0.6)]
    )
    merge(
        connection,
        [(world.person_of("a"), 1), (world.person_of("c"), 1)],
        actor="ann",
        policy=world.policy,
    )
    assert world.cases() != {}
    saved = withdraw(connection, "test", "b", actor="dpo", policy=world.policy)
    del world.ids["b"]
    assert world.persons() == {frozenset("ac"), frozenset("d")} or world.persons() == {
        frozenset("a"),
        frozenset("c"),
        frozenset("d"),
    }
    for table in ("raw.person_records", "cleaned.person_records"):
        assert connection.execute(f"select count(*) from {table} where last_name = 'CANARY'").fetchone() == (0,)
    assert connection.execute("select count(*) from matching.predictions").fetchone() == (1,)
    assert [str(problem) for problem in verify(connection)] == []
    assert saved.decisions_revoked > 0
    with pytest.raises(NotFoundError):
        withdraw(connection, "test", "b", actor="dpo", policy=world.policy)


def test_a_person_without_records_left_is_retired_and_its_cases_close(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    withdraw(connection, "test", "a", actor="dpo", policy=world.policy)
    del world.ids["a"]
    assert (world.persons(), world.cases()) == ({frozenset("b")}, {})
    assert connection.execute(
        "select count(*) from identity.persons where retired_change_id is not null"
    ).fetchone() == (1,)
    assert [str(problem) for problem in verify(connection)] == []
    assert [str(problem) for problem in verify_evidence(connection, world.policy)] == []
