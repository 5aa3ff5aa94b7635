"""One incoming record against a small index, compared with what a batch of it would be scored."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.match.index import fill
from empi_pipeline.cleaning import clean
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.guards import find_conflicts
from empi_pipeline.linkage import (
    blocking_keys,
    blocking_lookups,
    has_families,
    key_index,
    predict,
    registry,
    without_shared_values,
)
from empi_pipeline.lookup import InvalidRecordError, Match, Matcher
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.scratch import open_scratch
from empi_pipeline.settings import GuardSettings, Settings
from empi_pipeline_tests.conftest import TEMPLATE

Record = dict[str, str | None]


@dataclass(frozen=True)
class Index:
    """A database with 1,500 records, and records that could come next."""

    url: str
    next_records: list[Record]


@pytest.fixture(scope="module")
def index(postgres_server: str) -> Iterator[Index]:
    name = f"lookup_{uuid.uuid4().hex}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    url = database_url(postgres_server, name)
    with connect(url) as connection:
        next_records = fill(connection, 1_500, 30, seed=4)
    yield Index(url, next_records)
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def reader(index: Index) -> Iterator[Connection]:
    """Whatever a test does with it: nothing is stored."""
    with connect(index.url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def matcher() -> Iterator[Matcher]:
    with Matcher(Settings()) as made:
        yield made


def as_a_batch(connection: Connection, record: Record) -> tuple[int, dict[int, dict[str, Any]], dict[int, str]]:
    """Candidates, predictions and conflicts by record id, through all the steps of a batch."""
    registered = registry.active(connection)
    assert registered is not None
    learnt = registry.term_frequencies(connection, registered.model_id)
    with open_scratch(threads=1) as con:
        delivered = pa.table({"record_id": [10**9], **{name: [value] for name, value in record.items()}})
        cleaned = clean(con, delivered, {}, datetime.now(UTC).date()).table
        keys = blocking_keys(con, without_shared_values(cleaned, learnt), registered.model)
        lookups = blocking_lookups(registered.model)
        candidates = key_index.candidates(connection, registered.model_id, keys, lookups)
        predictions = predict(con, registered.model, learnt, cleaned, candidates)
        everybody = pa.concat_tables([cleaned.select(candidates.column_names), candidates])
        pairs = pa.table({"record_id_l": candidates["record_id"], "record_id_r": [10**9] * candidates.num_rows})
        seen = without_shared_values(everybody, learnt)
        conflicts = find_conflicts(con, pairs, seen, families=has_families(learnt)).to_pylist()
    return (
        candidates.num_rows,
        {row["record_id_l"]: row for row in predictions.to_pylist()},
        {row["record_id_l"]: row["reason"] for row in conflicts},
    )


def test_a_record_gets_what_a_batch_of_it_would_get(reader: Connection, matcher: Matcher, index: Index) -> None:
    person_of = dict(reader.execute("select record_id, person_id::text from identity.membership").fetchall())
    found = guarded = 0
    for record in index.next_records[::8]:
        candidates, expected, conflicts = as_a_batch(reader, record)
        match = matcher.match(reader, record, most=1_000, above=0.0)
        assert match.compared_records == candidates
        scored = {each.record_id: (person, each) for person in match.persons for each in person.records}
        likely = {key for key, (_, each) in scored.items() if each.match_probability > match.potential_threshold}
        assert likely == expected.keys()
        for record_id, row in expected.items():
            person, each = scored[record_id]
            assert each.match_weight == pytest.approx(row["match_weight"], abs=1e-9, rel=0)
            assert each.match_probability == pytest.approx(row["match_probability"], abs=1e-9, rel=0)
            assert person.person_id == person_of[record_id]
        assert {person.person_id for person in match.persons if person.conflict} == {
            person_of[key] for key in conflicts
        }
        best = [person.match_weight for person in match.persons]
        assert best == sorted(best, reverse=True)
        found += bool(expected)
        guarded += bool(conflicts)
    assert found > 1
    assert guarded > 1


def test_what_explains_a_person_adds_up_to_its_weight(reader: Connection, matcher: Matcher, index: Index) -> None:
    person = next(person for record in index.next_records for person in matcher.match(reader, record).persons)
    told = person.explanation
    assert told.prior_bits + sum(each.bits for each in told.comparisons) == pytest.approx(person.match_weight, abs=1e-4)
    assert told.match_probability == person.match_probability == person.records[0].match_probability
    assert person.verdict in ("auto-match", "potential match")


def test_fewer_persons_and_less_likely_ones_can_be_asked_for(
    reader: Connection, matcher: Matcher, index: Index
) -> None:
    matches = [(matcher.match(reader, record, most=1_000, above=0.0), record) for record in index.next_records[:10]]
    everybody, record = max(matches, key=lambda each: len(each[0].persons))
    assert len(everybody.persons) > 3
    assert everybody.persons[-1].verdict == "below the thresholds"
    two = matcher.match(reader, record, most=2, above=0.0)
    assert two.persons == everybody.persons[:2]
    assert matcher.match(reader, record, most=0).persons == ()


def test_nothing_is_written(reader: Connection, matcher: Matcher, index: Index) -> None:
    reader.execute("set transaction read only")
    assert any(matcher.match(reader, record).persons for record in index.next_records[:10])


def test_without_guards_nothing_is_said_about_conflicts(reader: Connection, index: Index) -> None:
    with Matcher(Settings(guards=GuardSettings(hard_conflicts=False))) as matcher:
        matches = [matcher.match(reader, record, above=0.0) for record in index.next_records[:5]]
    assert any(match.persons for match in matches)
    assert not any(person.conflict for match in matches for person in match.persons)


def test_several_threads_may_share_a_matcher(reader: Connection, matcher: Matcher, index: Index) -> None:
    records = index.next_records[:8]
    expected = [matcher.match(reader, record) for record in records]
    answers: dict[int, list[Match]] = {}

    def ask(number: int) -> None:
        with connect(index.url) as own:
            answers[number] = [matcher.match(own, record) for record in records]

    threads = [threading.Thread(target=ask, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == dict.fromkeys(range(3), expected)


def test_another_active_model_is_noticed(reader: Connection, index: Index) -> None:
    known = registry.active(reader)
    assert known is not None
    with Matcher(Settings()) as matcher:
        before = matcher.match(reader, index.next_records[0])
        again = registry.create_again(reader, known.model_id, created_by="test")
        registry.switch_to(reader, again.model_id)
        after = matcher.match(reader, index.next_records[0])
    assert (before.model_id, after.model_id) == (known.model_id, again.model_id)
    assert after.compared_records == 0  # Nobody made its keys.


def test_an_index_that_never_took_in_a_record_has_no_answer(connection: Connection) -> None:
    with Matcher(Settings()) as matcher:
        with pytest.raises(NotFoundError, match="no match model is active yet"):
            matcher.match(connection, {"last_name": "lee"})
        registry.ensure_active(connection)
        assert matcher.match(connection, {"last_name": "lee"}).persons == ()


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"Zzyzx": "x", "last_name": "lee"}, "1 unknown field(s); known are data_source"),
        ({"last_name": "lee", "birth_date": 1980}, "values must be text or missing, which is not so of birth_date"),
        ({}, "says nothing about a person"),
        ({"data_source": "a", "source_person_id": "1", "phone": " "}, "says nothing about a person"),
    ],
)
def test_what_is_no_record_is_refused_without_repeating_it(
    reader: Connection, matcher: Matcher, record: Any, told: str
) -> None:
    with pytest.raises(InvalidRecordError) as refused:
        matcher.match(reader, record)
    assert told in str(refused.value)
    assert "Zzyzx" not in str(refused.value)
