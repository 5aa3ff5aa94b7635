import math

import pytest

from empi_pipeline.identity.decisions import reject
from empi_pipeline.identity.errors import PlanRefusedError, StalePredictions
from empi_pipeline.identity.plan import RematchRules, apply_rematch, plan_rematch
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World

ANYTHING = RematchRules(most_changed=1, most_split=1)


def sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def rescore(world: World, predictions: list[tuple[str, str, float]]) -> None:
    world.connection.execute("delete from matching.rescored_predictions")
    world.connection.execute("delete from matching.rescorings")
    world.connection.execute(
        "insert into matching.rescorings (model_id, seen_change_id) select %s, max(change_id) from identity.changes",
        [world.model_id],
    )
    for one, other, probability in predictions:
        left, right = sorted((world.ids[one], world.ids[other]))
        world.connection.execute(
            "insert into matching.rescored_predictions values (%s, %s, %s, %s, %s, '{}', '{}')",
            [world.model_id, left, right, math.log2(probability / (1 - probability)), probability],
        )


def sound(world: World) -> None:
    assert [str(problem) for problem in verify(world.connection)] == []
    assert [str(problem) for problem in verify_evidence(world.connection, world.policy)] == []


def test_a_plan_names_what_would_be_asked_and_what_goes_against_decisions(connection: Connection) -> None:
    world = World(connection)
    world.load("abcd", [("a", "b", 0.5)])
    reject(connection, 1, 1, actor="ann", policy=world.policy)
    rescore(world, [("a", "b", 0.99), ("c", "d", 0.5)])
    plan = plan_rematch(connection, policy=world.policy)
    ids = world.ids
    told = {"potential_match": ("c", "d"), "conflict": ("a", "b")}
    for each in plan.questions.to_pylist():
        assert each["what"] == "opens"
        assert each["reason"] == {"potential_match": "potential_match", "conflict": "cannot_link"}[each["kind"]]
        assert (each["record_id_l"], each["record_id_r"]) == tuple(ids[name] for name in told.pop(each["kind"]))
    assert told == {}
    assert plan.decisions_contradicted == 1


def test_a_plan_tells_what_a_rematch_would_do_and_writes_nothing(connection: Connection) -> None:
    world = World(connection)
    world.load("abcde", [("a", "b", 0.99), ("b", "c", 0.99), ("d", "e", 0.5)])
    rescore(world, [("a", "b", 0.99), ("d", "e", 0.99)])
    before = world.person_of("a")
    plan = plan_rematch(connection, policy=world.policy)
    assert (plan.persons, plan.persons_after) == (3, 3)
    assert (plan.persons_merged, plan.persons_split, plan.persons_unchanged) == (1, 1, 0)
    assert (plan.records_moved, plan.cases_opened, plan.cases_closed) == (2, 0, 1)
    assert plan.moves["record_id"].to_pylist() in ([world.ids["c"], world.ids["d"]], [world.ids["c"], world.ids["e"]])
    assert plan.questions.num_rows == 0
    assert plan.closings.to_pylist() == [{"case_id": 1, "reason": "joined", "superseded_by": None}]
    assert plan.exceeded
    assert world.persons() == sets("abc", "d", "e")
    with pytest.raises(PlanRefusedError, match="3 of 3 persons would gain or lose records"):
        apply_rematch(connection, policy=world.policy)
    assert world.persons() == sets("abc", "d", "e")
    apply_rematch(connection, policy=world.policy, approved=True)
    assert world.persons() == sets("ab", "c", "de")
    assert world.person_of("a") == before
    assert world.cases() == {}
    sound(world)


def test_records_that_still_look_alike_stay_though_they_would_not_be_joined(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.99), ("b", "c", 0.99)])
    rescore(world, [("a", "b", 0.7), ("b", "c", 0.4)])
    apply_rematch(connection, policy=world.policy, rules=ANYTHING)
    assert world.persons() == sets("ab", "c")


def test_without_leave_to_split_an_overlay_case_proposes_it(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.99), ("b", "c", 0.99)])
    rescore(world, [("a", "b", 0.99)])
    apply_rematch(connection, policy=world.policy, rules=RematchRules(may_split=False))
    assert world.persons() == sets("abc")
    assert [case[0] for case in world.cases().values()] == ["overlay"]
    sound(world)


def test_decisions_stand_against_any_rematch(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    reject(connection, 1, 1, actor="ann", policy=world.policy)
    rescore(world, [("a", "b", 0.999)])
    plan = apply_rematch(connection, policy=world.policy, rules=ANYTHING)
    assert world.persons() == sets("a", "b")
    assert plan.decisions_contradicted == 1
    assert world.cases() == {2: ("conflict", 1, frozenset({"a-b"}))}
    sound(world)


def test_ids_stay_where_most_of_their_records_are_and_a_rematch_can_be_taken_back(connection: Connection) -> None:
    world = World(connection)
    world.load("abcdef", [("a", "b", 0.99), ("b", "c", 0.99), ("d", "e", 0.99), ("e", "f", 0.99)])
    first, second = world.person_of("a"), world.person_of("d")
    rescore(world, [("a", "b", 0.99), ("c", "d", 0.99), ("d", "e", 0.99), ("e", "f", 0.99)])
    apply_rematch(connection, policy=world.policy, rules=ANYTHING)
    assert world.persons() == sets("ab", "cdef")
    assert (world.person_of("a"), world.person_of("f")) == (first, second)
    sound(world)
    undo(connection, 2, actor="ann", policy=world.policy)
    assert world.persons() == sets("abc", "def")
    assert (world.person_of("c"), world.person_of("f")) == (first, second)
    assert [str(problem) for problem in verify(connection)] == []


def test_a_plan_is_not_applied_over_a_batch_the_rescoring_has_not_seen(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.99)])
    rescore(world, [("a", "b", 0.99)])
    world.load("c", [("b", "c", 0.99)])
    with pytest.raises(StalePredictions, match="score it again"):
        apply_rematch(connection, policy=world.policy, rules=ANYTHING)
    assert world.persons() == sets("abc")


def test_records_that_leave_a_person_for_another_take_no_new_id(connection: Connection) -> None:
    world = World(connection)
    world.load("abcdex", [("a", "b", 0.99), ("b", "c", 0.99), ("c", "d", 0.99), ("d", "e", 0.99)])
    ids = (world.person_of("a"), world.person_of("x"))
    rescore(world, [("a", "b", 0.99), ("b", "c", 0.99), ("d", "e", 0.99), ("e", "x", 0.99)])
    plan = apply_rematch(connection, policy=world.policy, rules=ANYTHING)
    assert world.persons() == sets("abc", "dex")
    assert (world.person_of("c"), world.person_of("d")) == ids
    assert (plan.persons_merged, plan.persons_after) == (0, 2)
    sound(world)
