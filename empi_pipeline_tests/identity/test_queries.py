import pytest

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.queries import history, list_cases, open_case_counts, person, show_case, status_counts
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def test_the_queue_is_filtered_and_paged(connection: Connection) -> None:
    world = World(connection)
    world.load(
        {
            "a": {"last_name": "Lane", "data_source": "x"},
            "b": {"last_name": "Lap"},
            "c": {},
            "d": {"birth_date": "19800102"},
        },
        [("a", "b", 0.5), ("c", "d", 0.6)],
    )
    assert [case.case_id for case in list_cases(connection)] == [2, 1]
    assert [case.case_id for case in list_cases(connection, after=list_cases(connection, limit=1)[0])] == [1]
    assert [case.case_id for case in list_cases(connection, last_name="lA")] == [1]
    assert [case.case_id for case in list_cases(connection, birth_date="1980")] == [2]
    assert [case.case_id for case in list_cases(connection, data_source="x")] == [1]
    assert list_cases(connection, data_source="nowhere") == []
    assert list_cases(connection, kind="overlay") == []
    assert list_cases(connection)[1].data_sources == ("test", "x")
    assert open_case_counts(connection) == {"potential_match": 2}


def test_a_case_shows_persons_records_and_pairs(connection: Connection) -> None:
    world = World(connection)
    world.load({"a": {"last_name": "Lane"}, "b": {}}, [("a", "b", 0.5)])
    case = show_case(connection, 1)
    assert [len(one.records) for one in case.persons] == [1, 1]
    assert case.persons[0].records[0].values["data_source"] == "test"
    assert (case.pairs[0].match_probability, case.pairs[0].match_weight) == (0.5, 0.0)
    with pytest.raises(NotFoundError, match="no review case 7"):
        show_case(connection, 7)


def test_a_retired_id_resolves_to_its_successor_and_says_so(connection: Connection) -> None:
    world = World(connection)
    world.load("ab")
    ids = {name: world.person_of(name) for name in "ab"}
    world.load("k", [("a", "k", 0.99), ("b", "k", 0.99)])
    living = world.person_of("k")
    retired = ids["a"] if living == ids["b"] else ids["b"]
    found = person(connection, f"p_{retired}")
    assert (found.person_id, found.asked_for_retired_id, found.retired_ids) == (living, True, (retired,))
    assert [entry.kind for entry in history(connection, retired)] == [
        "record_assigned",
        "person_merged",
        "record_moved",
    ]
    with pytest.raises(NotFoundError):
        person(connection, "not-an-id")
    assert status_counts(connection).retired_persons == 1
