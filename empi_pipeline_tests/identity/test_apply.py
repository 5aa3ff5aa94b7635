import pytest

from empi_pipeline.identity import ledger
from empi_pipeline.identity.errors import StalePredictions
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.ledger import take_identity_lock
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def test_persons_joined_by_auto_matches_and_cases_by_potential_ones(connection: Connection) -> None:
    world = World(connection)
    applied = world.load("12345678", [("1", "2", 0.5), ("1", "3", 0.99), ("2", "4", 0.5), ("5", "6", 0.5)])
    assert world.persons() == {frozenset("13"), *(frozenset(n) for n in "245678")}
    assert world.cases() == {
        1: ("potential_match", 1, frozenset({"1-2", "2-4"})),
        2: ("potential_match", 1, frozenset({"5-6"})),
    }
    assert (applied.records, applied.persons_created, applied.cases_opened) == (8, 7, 2)


def test_a_merged_person_takes_along_records_no_prediction_mentions(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.99), ("b", "c", 0.99)])
    world.load("xy", [("x", "y", 0.99)])
    survivor = world.person_of("a")
    applied = world.load("k", [("k", "c", 0.99), ("k", "x", 0.99)])
    assert world.persons() == {frozenset("abcxyk")}
    assert world.person_of("y") == survivor
    assert (applied.persons_merged, applied.records_moved) == (1, 2)


def test_a_conflict_refuses_the_weaker_link_and_opens_a_case(connection: Connection) -> None:
    world = World(connection, guards=Guards())
    people = {"a": {"birth_date": "1980"}, "b": {}, "c": {"birth_date": "1990"}}
    world.load(people, [("a", "b", 0.99), ("b", "c", 0.95)])
    assert world.persons() == {frozenset("ab"), frozenset("c")}
    assert world.cases() == {1: ("conflict", 1, frozenset({"b-c"}))}
    assert connection.execute("select reason from identity.review_cases").fetchall() == [("guard:birth_date",)]


def test_an_existing_person_stays_whole_and_an_overlay_case_says_so(connection: Connection) -> None:
    world = World(connection, guards=Guards())
    world.load({"a": {"birth_date": "1980"}, "b": {}}, [("a", "b", 0.95)])
    world.load({"c": {"birth_date": "1990"}}, [("b", "c", 0.999)])
    assert world.persons() == {frozenset("ab"), frozenset("c")}
    assert {case[0]: case[2] for case in world.cases().values()} == {
        "overlay": frozenset({"a-b"}),
        "conflict": frozenset({"b-c"}),
    }


def test_versions_of_a_source_identity_belong_together_unless_they_look_like_different_humans(
    connection: Connection,
) -> None:
    world = World(connection, guards=Guards())
    same = {"data_source": "s", "source_person_id": "1"}
    world.load({"v1": {**same, "birth_date": "1980", "sex": "f"}})
    world.load({"v2": {**same, "birth_date": "1981", "sex": "f"}})
    assert world.persons() == {frozenset({"v1", "v2"})}
    assert [case[0] for case in world.cases().values()] == ["overlay"]
    world.load({"v3": {**same, "birth_date": "1990", "sex": "m"}})
    assert world.persons() == {frozenset({"v1", "v2"}), frozenset({"v3"})}


def test_the_same_batch_applied_again_tells_the_same_and_changes_nothing(connection: Connection) -> None:
    world = World(connection)
    batch = world.deliver("ab", [("a", "b", 0.99)])
    first = world.apply(batch)
    assert world.apply(batch) == first
    assert connection.execute("select count(*) from identity.events").fetchone() == (2,)


def test_a_model_activated_while_a_batch_waits_for_the_lock_makes_its_predictions_stale(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection)
    batch = world.deliver("ab", [("a", "b", 0.99)])

    def somebody_was_faster(own: Connection) -> None:
        world.model()
        take_identity_lock(own)

    monkeypatch.setattr(ledger, "take_identity_lock", somebody_was_faster)
    with pytest.raises(StalePredictions, match="not active"):
        world.apply(batch)
    assert connection.execute("select count(*) from identity.changes").fetchone() == (0,)


def test_a_clock_set_back_does_not_disorder_the_ledger(connection: Connection) -> None:
    world = World(connection)
    world.load("a")
    connection.execute("set session_replication_role = replica")
    connection.execute("update identity.changes set at = clock_timestamp() + interval '1 day'")
    connection.execute("set session_replication_role = origin")
    world.load("b")
    ordered = connection.execute("select array_agg(change_id order by at) from identity.changes").fetchone()
    assert ordered == ([1, 2],)


def test_waiting_for_the_lock_leaves_the_timeout_of_the_session_as_it_was(connection: Connection) -> None:
    connection.execute("set local lock_timeout = '7s'")
    take_identity_lock(connection, patience_seconds=1)
    assert connection.execute("show lock_timeout").fetchone() == ("7s",)
