import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.case_reasons import in_words
from empi_pipeline.identity.decisions import reject
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.lists import page_of_cases, page_of_persons
from empi_pipeline.identity.queries import (
    decisions_among,
    find_persons,
    history,
    list_cases,
    open_case_counts,
    person,
    show_case,
    status_counts,
)
from empi_pipeline.identity.search_terms import SearchTerms
from empi_pipeline.identity.undo import undo
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def test_the_queue_is_filtered_and_paged(connection: Connection) -> None:
    world = World(connection)
    world.load(
        {
            "a": {"last_name": "lane", "data_source": "x"},
            "b": {"last_name": "lap"},
            "c": {},
            "d": {"birth_date": "1980-01-02"},
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


def test_the_queue_is_read_page_by_page_each_case_once(connection: Connection) -> None:
    world = World(connection)
    world.load("abcdefgh", [("a", "b", 0.5), ("c", "d", 0.7), ("e", "f", 0.5), ("g", "h", 0.6)])
    whole = [case.case_id for case in list_cases(connection)]
    assert whole == [2, 4, 1, 3]
    first = list_cases(connection, limit=3)
    assert [case.case_id for case in list_cases(connection, limit=3, after=first[-1])] == [3]
    assert [case.case_id for case in list_cases(connection, limit=1, after=first[0].case_id)] == [4]


def test_what_harms_most_and_concerns_most_comes_first_whatever_the_score(connection: Connection) -> None:
    world = World(connection)
    world.load("abxy", [("a", "b", 0.85), ("x", "y", 0.99)])
    world.load("k", [("k", "x", 0.6)])
    assert [(case.case_id, case.record_count) for case in list_cases(connection)] == [(1, 2), (2, 3)]
    world.load("lm", [("l", "x", 0.99), ("m", "x", 0.99)])
    # With five records at stake the weaker question comes first.
    assert [(case.case_id, case.record_count) for case in list_cases(connection)] == [(2, 5), (1, 2)]
    reject(connection, 1, 1, actor="ann", policy=world.policy)
    world.load("n", [("n", "a", 0.99), ("n", "b", 0.91)])
    assert [case.kind for case in list_cases(connection)] == ["conflict", "potential_match"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"record_id": "c"}, [2]),
        ({"person_id": "c"}, [2]),
        ({"source_person_id": "a"}, [1]),
        ({"source_person_id": "a", "data_source": "nowhere"}, []),
        ({"first_name": "AN"}, [1]),
        ({"first_name": "nn"}, []),
        ({"min_probability": 0.55}, [2]),
        ({"opened_since": timedelta(hours=-1)}, [2, 1]),
        ({"opened_before": timedelta(hours=-1)}, []),
        ({"kind": "potential_match", "status": "closed"}, []),
    ],
)
def test_the_queue_is_filtered_by_what_is_known(
    connection: Connection, asked: dict[str, Any], expected: list[int]
) -> None:
    world = World(connection)
    world.load({"a": {"first_name": "anna"}, "b": {}, "c": {}, "d": {}}, [("a", "b", 0.5), ("c", "d", 0.6)])
    known = {
        "record_id": lambda name: world.ids[name],
        "person_id": lambda name: world.person_of(name)[:12],
        "opened_since": lambda age: datetime.now(UTC) + age,
        "opened_before": lambda age: datetime.now(UTC) + age,
    }
    filters = {name: known.get(name, lambda value: value)(value) for name, value in asked.items()}
    assert [case.case_id for case in list_cases(connection, **filters)] == expected


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (None, None),
        ("cannot_link", "a steward has decided"),
        ("guard:given_name", "cannot be one: The given names clearly differ"),
        ("guard:house_rule", "cannot be one: house_rule"),
        ("versions_conflict:sex", "Two versions of one source id look like different humans: The sexes differ"),
        ("of_the_future", "of_the_future"),
    ],
)
def test_reasons_are_told_in_words(reason: str | None, words: str | None) -> None:
    told = in_words(reason)
    assert told == words if words is None else words in str(told)


def test_a_case_shows_who_decided_what_stands_against_the_evidence(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    reject(connection, 1, 1, actor="ann", note="different mothers", policy=world.policy)
    world.load("k", [("a", "k", 0.99), ("b", "k", 0.95)])
    case = show_case(connection, 2)
    assert [pair.reason for pair in case.pairs] == ["cannot_link"]
    (decision,) = case.decisions
    assert (decision.kind, decision.record_id_l, decision.record_id_r) == (
        "cannot_link",
        *sorted(world.ids[n] for n in "ab"),
    )
    assert (decision.actor, decision.change_id, decision.note, decision.case_id) == ("ann", 2, "different mothers", 1)
    # Given back by an undo of its undo, it is still ann's.
    undo(connection, 2, actor="bob", policy=world.policy)
    assert decisions_among(connection, [world.person_of(name) for name in "ab"]) == []
    undo(connection, 4, actor="bob", policy=world.policy)
    assert [(each.actor, each.change_id) for each in show_case(connection, 2).decisions] == [("ann", 2)]


@pytest.fixture
def people(connection: Connection) -> World:
    """Cleaned values, as cleaning writes them."""
    world = World(connection)
    world.load(
        {
            "a": {"last_name": "obrien smith", "first_name": "jose", "birth_date": "1971-03-02"},
            "b": {"last_name": "obrien", "first_name": "maria", "birth_date": "1971-12-31"},
            "c": {"last_name": "O'Neil", "first_name": "Zoë", "data_source": "as_delivered"},
            "d": {"data_source": "lab", "source_person_id": "a"},
            "e": {"last_name": "obrien smith", "first_name": "jo", "birth_date": "1980-01-01"},
        },
        [("a", "e", 0.99)],
    )
    return world


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"last_name": "O'Brien"}, "ba"),
        ({"last_name": "Ó\u2019BRIEN-Sm"}, "a"),
        ({"last_name": "brien"}, ""),
        ({"last_name": "O'N"}, "c"),
        ({"first_name": "Zoë"}, "c"),
        ({"first_name": "JOSÉ"}, "a"),
        ({"last_name": "obrien", "first_name": "m"}, "b"),
        ({"last_name": "obrien", "birth_date": "1971"}, "ba"),
        ({"birth_date": "1971-03"}, "a"),
        ({"birth_date": "1980"}, "a"),  # The person of a and e.
        ({"first_name": "jose", "birth_date": "1980"}, ""),  # No single record says both.
        ({"source_person_id": "a"}, "ad"),
        ({"source_person_id": "a", "data_source": "lab"}, "d"),
        ({"data_source": "as_delivered"}, "c"),
    ],
)
def test_persons_are_found_by_what_one_of_their_records_says(
    connection: Connection, people: World, asked: dict[str, str], expected: str
) -> None:
    assert [found.person_id for found in find_persons(connection, **asked)] == [
        people.person_of(name) for name in expected
    ]


def test_persons_are_found_by_the_beginning_of_their_id(connection: Connection, people: World) -> None:
    wanted = people.person_of("c")
    for beginning in (wanted, wanted[:10], f"p_{wanted[:6]}", wanted.upper(), wanted.replace("-", "")[:20]):
        assert wanted in [found.person_id for found in find_persons(connection, person_id=beginning)]
    with pytest.raises(NotFoundError, match="not the beginning of a person id"):
        find_persons(connection, person_id="xyz")
    with pytest.raises(InvalidDecisionError, match="say what to look for"):
        find_persons(connection)


def test_persons_are_found_page_by_page(connection: Connection, people: World) -> None:
    whole = find_persons(connection, last_name="o")
    assert len(whole) == 2
    first = find_persons(connection, last_name="o", limit=1)
    assert first + find_persons(connection, last_name="o", after=first[0]) == whole


def test_a_person_with_several_records_that_fit_is_listed_once_over_all_pages(connection: Connection) -> None:
    world = World(connection)
    names = {name: {"last_name": f"lane {name}"} for name in "abcdefgh"}
    world.load(names, [("a", "h", 0.99), ("b", "g", 0.99), ("c", "f", 0.99)])
    whole = find_persons(connection, last_name="lane")
    assert [found.last_name for found in whole] == ["lane a", "lane b", "lane c", "lane d", "lane e"]
    pages, after = [], None
    while page := find_persons(connection, last_name="lane", limit=1, after=after):
        pages, after = pages + page, page[-1]
    assert pages == whole


def test_a_search_that_finds_one_person_again_and_again_goes_on(connection: Connection) -> None:
    """More records of one person than are read at first stand before those of the next."""
    world = World(connection)
    names = {f"a{n}": {"last_name": "lane"} for n in range(40)}
    world.load({**names, "z": {"last_name": "lanz"}}, [("a0", f"a{n}", 0.99) for n in range(1, 40)])
    found = find_persons(connection, last_name="lan", limit=2)
    assert [(each.last_name, each.record_count) for each in found] == [("lane", 40), ("lanz", 1)]


SIZE = 20_000


@pytest.fixture
def crowd(connection: Connection) -> Connection:
    """20,000 records, one person each, with the indexes of a large index; every 50th record has an open case."""
    for statement in (
        "insert into raw.person_records (record_id, batch_id, arrival_id, line_number, content_hash, data_source,"
        " source_person_id) overriding system value"
        " select n, 'b', 1, n, sha256(n::text::bytea), case when n % 200 = 0 then 'rare' else 'x' end, 'n' || n"
        f" from generate_series(1, {SIZE}) as n",
        "insert into cleaned.person_records (record_id, batch_id, data_source, source_person_id, last_name, first_name,"
        " birth_date) select record_id, 'b', data_source, source_person_id, 'n' || record_id, 'f' || record_id % 5000,"
        " (date '1950-01-01' + record_id::integer)::text from raw.person_records",
        "insert into identity.membership select record_id, gen_random_uuid(), 1 from raw.person_records",
        "insert into identity.persons (person_id, created_change_id, created_at, record_count)"
        " select person_id, 1, now(), 1 from identity.membership",
        "insert into identity.review_cases (case_id, kind, priority, person_count, record_count, opened_change_id,"
        " updated_change_id, opened_at) select record_id, 'potential_match', 100 + record_id / 1e6, 2, 2, 1, 1, now()"
        " from raw.person_records where record_id % 50 = 0",
        "insert into identity.case_pairs (case_id, record_id_l, record_id_r)"
        " select case_id, case_id, case_id + 1 from identity.review_cases",
        "select cleaned.ensure_search_indexes(1)",
        "analyze raw.person_records, cleaned.person_records, identity.membership, identity.persons,"
        " identity.review_cases, identity.case_pairs",
    ):
        connection.execute(statement)
    return connection


class Reading:
    """A connection that counts the rows that its queries read out of tables and indexes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.rows = 0

    def execute(self, query: Any, values: Any = None, **options: Any) -> Any:
        if query.startswith("set local"):
            return self.connection.execute(query)
        explain = "explain (analyze, timing off, summary off, buffers off, format json) "
        ((plans,),) = self.connection.execute(explain + query, values, **options).fetchall()
        self._count(plans[0]["Plan"])
        return self.connection.execute(query, values, **options)

    def _count(self, node: dict[str, Any]) -> None:
        if "Scan" in node["Node Type"] and "Relation Name" in node:
            kept_and_dropped = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
            self.rows += (node["Actual Rows"] + kept_and_dropped) * node["Actual Loops"]
        for each in node.get("Plans", ()):
            self._count(each)


@pytest.mark.parametrize(
    ("asked", "found", "most_read"),
    [
        ({"last_name": "n12"}, 50, 1200),
        ({"first_name": "f77"}, 44, 500),
        ({"birth_date": "1971-03"}, 31, 500),
        ({"source_person_id": "n12", "data_source": "x"}, 1, 50),
        # What nearly everybody fits is read as far as the page goes.
        ({"last_name": "n"}, 50, 2000),
        ({"data_source": "x"}, 50, 6000),
        ({"data_source": "rare"}, 50, 1000),
        ({"data_source": "nowhere"}, 0, 10),
    ],
)
def test_a_search_reads_what_fits_and_not_the_index(
    crowd: Connection, asked: dict[str, str], found: int, most_read: int
) -> None:
    reading = Reading(crowd)
    assert len(find_persons(reading, **asked)) == found  # type: ignore[arg-type]
    assert reading.rows < most_read


def test_a_page_of_persons_reads_a_large_person_about_once(crowd: Connection) -> None:
    for statement in (
        "update identity.membership set person_id = (select person_id from identity.membership where record_id = 1)"
        " where record_id <= 1000",
        "update cleaned.person_records set last_name = 'lane' where record_id <= 1000",
        "analyze cleaned.person_records, identity.membership",
    ):
        crowd.execute(statement)
    reading = Reading(crowd)
    page = page_of_persons(reading, SearchTerms(last_name="lane"))  # type: ignore[arg-type]
    assert [each.first_name for each in page.items] == [None]
    assert reading.rows < 40_000


def test_a_page_far_in_reads_as_far_as_it_goes_and_not_the_index(crowd: Connection) -> None:
    reading = Reading(crowd)
    page = page_of_persons(reading, SearchTerms(), offset=4_000, total=SIZE)  # type: ignore[arg-type]
    assert (len(page.items), page.items[0].at_record_id) == (50, 13_599)  # The 4,001st by name.
    assert reading.rows < 15_000


def test_a_page_of_those_born_in_a_year_looks_each_record_up_and_not_all_of_that_year(crowd: Connection) -> None:
    for statement in (
        "update identity.membership as membership set person_id = first.person_id from identity.membership as first"
        " where membership.record_id % 2 = 0 and first.record_id = membership.record_id - 1",
        "update cleaned.person_records set birth_date = '2011-01-' || 10 + record_id % 20"
        " where (record_id - 1) / 2 % 250 = 0",
        "analyze identity.membership, cleaned.person_records",
    ):
        crowd.execute(statement)
    reading = Reading(crowd)
    page = page_of_persons(reading, SearchTerms(birth_date="2011"))  # type: ignore[arg-type]
    assert (len(page.items), page.total) == (40, 40)
    assert reading.rows < 1_500


@pytest.mark.parametrize(("kind", "risk"), [("potential_match", 100), ("conflict", 200), ("overlay", 300)])
def test_the_queue_of_a_kind_has_the_most_urgent_case_that_there_can_be(
    crowd: Connection, kind: str, risk: int
) -> None:
    crowd.execute("update identity.review_cases set kind = %s, priority = %s where case_id = 50", [kind, risk + 99.0])
    page = page_of_cases(crowd, SearchTerms(), kind=kind, limit=1)
    assert [case.case_id for case in page.items] == [50]
    assert [case.case_id for case in list_cases(crowd, kind=kind, limit=1)] == [50]


def test_persons_are_found_by_the_beginning_of_an_id_without_reading_the_index(crowd: Connection) -> None:
    ((person_id,),) = crowd.execute("select person_id::text from identity.membership where record_id = 9").fetchall()
    reading = Reading(crowd)
    page = page_of_persons(reading, SearchTerms(person_id=person_id[:9]))  # type: ignore[arg-type]
    assert [each.person_id for each in page.items] == [person_id]
    assert reading.rows < 50


@pytest.mark.parametrize(
    ("asked", "found", "most_read"),
    [
        ({"last_name": "n1250"}, 2, 500),
        ({"first_name": "f50"}, 8, 3000),
        ({"data_source": "rare"}, 20, 5000),
        # More records than are looked at one by one: then it is cases.
        ({"data_source": "x"}, 20, 10000),
    ],
)
def test_the_queue_is_filtered_by_what_fits_and_not_by_the_index(
    crowd: Connection, asked: dict[str, str], found: int, most_read: int
) -> None:
    reading = Reading(crowd)
    assert len(list_cases(reading, limit=20, **asked)) == found  # type: ignore[arg-type]
    assert reading.rows < most_read


def test_reading_identities_loads_neither_clustering_nor_the_engine() -> None:
    code = (
        "import sys, empi_pipeline.identity.queries, empi_pipeline.identity.notes;"
        "print([name for name in ('scipy', 'duckdb', 'splink') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
