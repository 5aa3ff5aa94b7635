"""Reports: what somebody says about two records is asked until the index agrees or a decision answers it."""

import pytest

from empi_pipeline.identity.case_queries import show_case
from empi_pipeline.identity.decisions import confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.queries import person
from empi_pipeline.identity.reports import Report, report
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


@pytest.fixture
def world(connection: Connection) -> World:
    """a, b and c are one person, d another; nothing is asked."""
    world = World(connection)
    world.load("abcd", [("a", "b", 0.99), ("b", "c", 0.95)])
    assert (world.persons(), world.cases()) == ({frozenset("abc"), frozenset("d")}, {})
    return world


def said(world: World, *pairs: str) -> Saved:
    """Report pairs: "a=d" one human, "a-b" two."""
    reports = [
        Report(world.ids[pair[0]], world.ids[pair[2]], "same" if pair[1] == "=" else "different") for pair in pairs
    ]
    return report(world.connection, reports, actor="ann", policy=world.policy)


def whole(world: World) -> bool:
    return verify(world.connection) == verify_evidence(world.connection, world.policy) == []


def test_two_persons_said_to_be_one_are_a_potential_match_and_one_said_to_be_two_an_overlay(world: World) -> None:
    saved = said(world, "a=d", "b-c")
    assert (saved.cases_opened, saved.records_moved) == ((1, 2), 0)
    assert world.cases() == {
        1: ("potential_match", 1, frozenset({"a-d"})),
        2: ("overlay", 1, frozenset({"b-c"})),
    }
    assert [pair.reason for pair in show_case(world.connection, 2).pairs] == ["reported_different"]
    assert whole(world)


def test_what_the_index_has_so_already_asks_nothing(world: World) -> None:
    said(world, "a=b", "a-d")
    assert world.cases() == {}
    assert whole(world)


def test_confirming_joins_and_rejecting_takes_apart_as_in_any_case(world: World) -> None:
    said(world, "a=d", "b-c")
    reject(world.connection, 2, 1, actor="bob", policy=world.policy)
    assert world.persons() == {frozenset("ab"), frozenset("c"), frozenset("d")}
    confirm(world.connection, 1, 2, actor="bob", policy=world.policy)
    assert (world.persons(), world.cases()) == ({frozenset("abd"), frozenset("c")}, {})
    assert whole(world)


def test_a_decision_against_a_report_answers_it_and_undoing_the_decision_asks_again(world: World) -> None:
    said(world, "a=d", "a-c")
    kept = confirm(world.connection, 2, 1, actor="bob", policy=world.policy)
    told_apart = reject(world.connection, 1, 1, actor="bob", policy=world.policy)
    assert (world.persons(), world.cases()) == ({frozenset("abc"), frozenset("d")}, {})
    assert whole(world)
    undo(world.connection, told_apart.change_id, actor="bob", policy=world.policy)
    undo(world.connection, kept.change_id, actor="bob", policy=world.policy)
    assert {number: (kind, pairs) for number, (kind, _, pairs) in world.cases().items()} == {
        1: ("potential_match", frozenset({"a-d"})),
        2: ("overlay", frozenset({"a-c"})),
    }
    assert whole(world)


def test_keeping_a_reported_person_as_it_is_answers_the_report_over_any_number_of_steps(world: World) -> None:
    said(world, "a-c")
    partition(world.connection, [], case_id=1, case_version=1, actor="bob", policy=world.policy)
    assert (world.persons(), world.cases()) == ({frozenset("abc"), frozenset("d")}, {})
    world.load("e", [("c", "e", 0.99)])
    assert world.cases() == {}
    assert whole(world)


def test_whoever_merges_vouches_for_all_records_and_so_answers_both_kinds(world: World) -> None:
    said(world, "a=d", "b-c")
    both = [person(world.connection, world.person_of(name)) for name in "ad"]
    merge(world.connection, [(each.person_id, each.version) for each in both], actor="bob", policy=world.policy)
    assert (world.persons(), world.cases()) == ({frozenset("abcd")}, {})
    assert whole(world)


def test_a_split_without_the_case_answers_a_report_too(world: World) -> None:
    said(world, "b-c")
    one, apart = person(world.connection, world.person_of("a")), [frozenset({world.ids["c"]})]
    split(world.connection, one.person_id, one.version, apart, actor="bob", policy=world.policy)
    assert (world.persons(), world.cases()) == ({frozenset("ab"), frozenset("c"), frozenset("d")}, {})
    assert whole(world)


def test_later_records_leave_a_reported_question_open_and_evidence_that_joins_closes_it(world: World) -> None:
    said(world, "a=d")
    world.load("e", [("d", "e", 0.99)])
    assert world.cases() == {1: ("potential_match", 2, frozenset({"a-d"}))}
    assert whole(world)
    world.load("f", [("a", "f", 0.99), ("d", "f", 0.99)])
    assert (world.cases(), world.cases(status="closed")[1][0]) == ({}, "potential_match")
    assert whole(world)


def test_a_report_joins_the_case_that_asks_about_the_two_already(world: World) -> None:
    world.load("e", [("d", "e", 0.5)])
    assert world.cases() == {1: ("potential_match", 1, frozenset({"d-e"}))}
    said(world, "d=e")
    assert world.cases() == {1: ("potential_match", 2, frozenset({"d-e"}))}
    (pair,) = show_case(world.connection, 1).pairs
    assert (pair.reason, pair.match_weight) == ("reported_same", 0.0)
    assert whole(world)


def test_reported_twice_is_said_and_changes_nothing(world: World) -> None:
    said(world, "a=d")
    with pytest.raises(InvalidDecisionError, match="reported before"):
        said(world, "a=d")
    assert world.cases() == {1: ("potential_match", 1, frozenset({"a-d"}))}


def test_withdrawing_a_record_takes_its_reports_along(world: World) -> None:
    said(world, "a=d", "b-c")
    withdraw(world.connection, "test", "d", actor="dpo", policy=world.policy)
    assert set(world.cases()) == {2}
    assert world.connection.execute("select count(*) from identity.reported_pairs").fetchone() == (1,)
    assert whole(world)
