import pytest

from empi_pipeline.identity.case_reasons import Obstacle, obstacle_in_words
from empi_pipeline.identity.decisions import reject
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.obstacles import obstacles
from empi_pipeline.identity.queries import Case, show_case
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def told(world: World, kind: str) -> dict[str, tuple[Obstacle | None, str]]:
    """Of the only open case of a kind: pair -> what stands in the way, as found and in words."""
    (case_id,) = world.cases(kind)
    case = show_case(world.connection, case_id)
    names = world.names()
    found = obstacles(world.connection, case, world.policy)
    return {
        "-".join(sorted((names[pair.record_id_l], names[pair.record_id_r]))): (obstacle, words(case, place, obstacle))
        for place, (pair, obstacle) in enumerate(zip(case.pairs, found, strict=True))
    }


def words(case: Case, place: int, obstacle: Obstacle | None) -> str:
    if obstacle is None:
        return ""
    pair = case.pairs[place]
    persons = {person.person_id for person in case.persons}
    return obstacle_in_words(obstacle, case.kind, (pair.record_id_l, pair.record_id_r), persons)


def test_a_refusal_names_the_records_that_stand_in_the_way_and_not_those_that_evidence_links(
    connection: Connection,
) -> None:
    """Jo and Joan are one person when Jan comes, who is most like Jo, but cannot be Joan."""
    world = World(connection, guards=Guards())
    world.load({"a": {}, "b": {"first_name": "joan"}}, [("a", "b", 0.99)])
    world.load({"k": {"first_name": "jan"}}, [("a", "k", 0.999)])
    b, k = world.ids["b"], world.ids["k"]
    persons = (world.person_of("b"), world.person_of("k"))
    expected = Obstacle("guard:first_name", (b, k), persons)
    assert told(world, "conflict") == {
        "a-k": (
            expected,
            f"The evidence says one human, but joining them would bring records {b} and {k} together,"
            " which cannot be one: first_name",
        )
    }
    assert told(world, "overlay") == {
        "a-b": (
            expected,
            "They are in one person, but by the evidence alone they would not be: it would bring records"
            f" {b} and {k} (of person {persons[1]}) together, which cannot be one: first_name",
        )
    }


def test_a_refusal_of_the_very_pair_names_no_others(connection: Connection) -> None:
    world = World(connection, guards=Guards())
    names = {"a": {"first_name": "f"}, "b": {"first_name": "m"}, "c": {"first_name": "m"}}
    world.load(names, [("a", "b", 0.99), ("b", "c", 0.99)])
    assert told(world, "conflict")["a-b"][1] == "The evidence says one human, yet they cannot be one: first_name"


def test_a_value_that_a_correction_explains_does_not_stand_in_the_way(connection: Connection) -> None:
    """The source of a corrected the birth date that k still has; what keeps k away is c."""
    world = World(connection, guards=Guards())
    world.load(
        {
            "a": {"source_person_id": "1", "birth_date": "1970"},
            "z": {"source_person_id": "1", "birth_date": "1971"},
            "c": {"birth_date": "1971"},
        },
        [("a", "c", 0.99)],
    )
    world.load({"k": {"birth_date": "1970"}}, [("a", "k", 0.98)])
    obstacle, _ = told(world, "conflict")["a-k"]
    assert obstacle is not None
    assert obstacle.record_ids == (world.ids["c"], world.ids["k"])


def test_a_decision_in_the_way_is_told_with_who_decided_it_and_when(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5), ("b", "c", 0.99)])
    (case_id,) = world.cases()
    saved = reject(connection, case_id, 1, actor="ann", policy=world.policy)
    world.load("k", [("a", "k", 0.99), ("c", "k", 0.95)])
    (obstacle, sentence) = told(world, "conflict")["c-k"]
    assert obstacle is not None
    assert obstacle.decision is not None
    at = obstacle.decision.decided_at.astimezone()
    assert sentence == (
        f"The evidence says one human, but joining them would bring records {world.ids['a']} and {world.ids['b']}"
        f" together, and ann decided on {at:%Y-%m-%d %H:%M} (change {saved.change_id}) that those are different humans."
    )


def test_a_person_that_would_be_too_large_is_told_with_its_size(connection: Connection) -> None:
    world = World(connection, guards=Guards(hard_conflicts=False, max_person_size=3, weak_bridge_bits=None))
    world.load("abcd", [("a", "b", 0.99), ("c", "d", 0.99), ("b", "c", 0.95)])
    assert told(world, "conflict")["b-c"][1] == (
        "Joined, they would gather 4 source identities, more than one person may have."
    )


def test_a_person_that_evidence_holds_by_a_weak_link_only_is_not_said_to_be_without_evidence(
    connection: Connection,
) -> None:
    world = World(connection, guards=NO_GUARDS)
    bridged = [("a", "b", 0.99), ("b", "c", 0.99), ("d", "e", 0.99), ("e", "f", 0.99), ("c", "d", 0.91)]
    world.load("abcdef", bridged)
    world.guards = Guards()
    world.load("k", [("a", "k", 0.99)])
    (found,) = told(world, "overlay").values()
    assert found == (
        Obstacle("weak_bridge"),
        "They are in one person, but only one weak link connects the groups of records they belong to.",
    )


def test_of_more_records_than_one_looks_through_nothing_is_told(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection, guards=Guards())
    world.load({"a": {"sex": "f"}, "b": {"sex": "m"}}, [("a", "b", 0.99)])
    monkeypatch.setattr("empi_pipeline.identity.obstacles._MOST_RECORDS", 1)
    assert told(world, "conflict") == {"a-b": (None, "")}
