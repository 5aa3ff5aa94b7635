"""Queries that are kept running: the answer to each question is what the query alone would say of its rows."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empi_pipeline.scratch import lock, open_scratch
from empi_pipeline.standing import INCOMING, SCRATCH, TICKET, StandingQuery, add_function

COLUMNS = pa.schema([("word", pa.string()), ("numbers", pa.list_(pa.int16()))])
PROJECTION = (
    "upper(word) as loud, regexp_replace(word, '[aeiou]', '', 'g') as consonants, list_sum(numbers)::bigint as total"
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(**SCRATCH) as connection:
        yield connection


@pytest.fixture(scope="module")
def standing(con: duckdb.DuckDBPyConnection) -> StandingQuery:
    return StandingQuery(con, f"select {PROJECTION}, {TICKET} from {INCOMING}", COLUMNS)


rows = st.fixed_dictionaries(
    {"word": st.none() | st.text(max_size=9), "numbers": st.none() | st.lists(st.integers(-9, 9), max_size=3)}
)


@settings(max_examples=40, deadline=None)
@given(questions=st.lists(st.lists(rows, max_size=4), max_size=6))
def test_each_answer_is_that_of_the_query_alone(questions: list[list[dict[str, object]]]) -> None:
    with open_scratch(**SCRATCH) as con:
        standing = StandingQuery(con, f"select {PROJECTION}, {TICKET} from {INCOMING}", COLUMNS)
        for asked in questions:
            con.register("asked", pa.Table.from_pylist(asked, COLUMNS))
            assert standing.run(asked) == con.sql(f"select {PROJECTION} from asked").to_arrow_table().to_pylist()


def test_a_question_may_have_more_rows_than_go_through_at_once(standing: StandingQuery) -> None:
    asked = [{"word": str(number)} for number in range(5_000)]
    assert [row["loud"] for row in standing.run(asked)] == [row["word"] for row in asked]
    assert [row["loud"] for row in standing.run([{"word": "next"}])] == ["NEXT"]


def test_a_column_that_is_not_given_is_missing(standing: StandingQuery) -> None:
    assert standing.run([{}]) == [{"loud": None, "consonants": None, "total": None}]


def test_after_a_row_that_fails_the_next_question_gets_its_own_answer(con: duckdb.DuckDBPyConnection) -> None:
    standing = StandingQuery(con, f"select word::integer as number, {TICKET} from {INCOMING}", COLUMNS)
    assert standing.run([{"word": "1"}]) == [{"number": 1}]
    with pytest.raises(duckdb.ConversionException):
        standing.run([{"word": "2"}, {"word": "three"}])
    assert standing.run([{"word": "4"}]) == [{"number": 4}]


def test_a_query_that_holds_rows_back_answers_all_the_same(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table sounds as select * from (values ('cow', 'moo'), ('dog', 'woof')) as t (animal, sound)")
    joined = f"select sound, {TICKET} from {INCOMING} left join sounds on animal = word"
    standing = StandingQuery(con, joined, COLUMNS)
    assert standing.run([{"word": "dog"}]) == [{"sound": "woof"}]
    assert standing.run([{"word": "cow"}]) == [{"sound": "moo"}]


def test_a_query_that_loses_rows_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    standing = StandingQuery(con, f"select word, {TICKET} from {INCOMING} where word = 'kept'", COLUMNS)
    with pytest.raises(RuntimeError, match="no projection"):
        standing.run([{"word": "lost"}])


def test_a_function_of_ours_is_asked_about_missing_values_too(con: duckdb.DuckDBPyConnection) -> None:
    name = add_function(con, lambda word: "nobody" if word is None else word[::-1], ["varchar"], "varchar")
    standing = StandingQuery(con, f"select {name}(word) as word, {TICKET} from {INCOMING}", COLUMNS)
    assert standing.run([{"word": "ab"}, {}]) == [{"word": "ba"}, {"word": "nobody"}]


def test_a_query_is_asked_in_a_scratch_that_is_locked() -> None:
    with open_scratch(**SCRATCH) as con:
        standing = StandingQuery(con, f"select word, {TICKET} from {INCOMING}", COLUMNS)
        lock(con)
        assert standing.run([{"word": "a"}]) == [{"word": "a"}]
        with pytest.raises(duckdb.InvalidInputException, match="locked"):
            con.execute("set threads = 2")
