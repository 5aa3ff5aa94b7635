import uuid

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import TupleRow

from empi_pipeline.postgres import Connection, connect
from empi_pipeline.publishing import Published, changes_since, publish
from empi_pipeline.publishing import crosswalk as crosswalk_module
from empi_pipeline_tests.publishing.index_state import IndexState, crosswalk, person, replay


def test_an_index_nothing_happened_to_publishes_nothing(connection: Connection) -> None:
    assert publish(connection) == Published(added=0, removed=0, through_change_id=0)
    assert connection.execute("select count(*) from publishing.publications").fetchone() == (0,)


def test_a_source_identity_is_published_once_however_many_records_it_has(connection: Connection) -> None:
    index = IndexState(connection)
    index.change({index.record("a", "1"): 1, index.record("a", "1"): 1, index.record("b", "1"): 1})
    assert publish(connection) == Published(added=2, removed=0, through_change_id=1)
    assert crosswalk(connection) == {("a", "1", person(1)), ("b", "1", person(1))}


def test_versions_of_an_untrusted_source_identity_may_stand_for_several_persons(connection: Connection) -> None:
    index = IndexState(connection)
    index.change({index.record("a", "1"): 1, index.record("a", "1"): 2})
    publish(connection)
    assert crosswalk(connection) == {("a", "1", person(1)), ("a", "1", person(2))}


def test_a_merge_moves_the_source_identities_of_the_retired_person(connection: Connection) -> None:
    index = IndexState(connection)
    kept, moved = index.record("a", "1"), index.record("b", "9")
    index.change({kept: 1, moved: 2})
    publish(connection)
    index.change({moved: 1})
    assert publish(connection) == Published(added=1, removed=1, through_change_id=2)
    assert crosswalk(connection) == {("a", "1", person(1)), ("b", "9", person(1))}
    assert [
        (each.kind, each.source_person_id, each.person_id, each.change_id) for each in changes_since(connection)
    ] == [
        ("added", "1", person(1), 1),
        ("added", "9", person(2), 1),
        ("removed", "9", person(2), 2),
        ("added", "9", person(1), 2),
    ]


def test_a_moved_version_leaves_the_row_its_other_versions_need(connection: Connection) -> None:
    index = IndexState(connection)
    stays, goes = index.record("a", "1"), index.record("a", "1")
    index.change({stays: 1, goes: 1})
    publish(connection)
    index.change({goes: 2})
    assert publish(connection) == Published(added=1, removed=0, through_change_id=2)
    assert crosswalk(connection) == {("a", "1", person(1)), ("a", "1", person(2))}


def test_a_withdrawn_source_identity_leaves_the_crosswalk(connection: Connection) -> None:
    index = IndexState(connection)
    first, second = index.record("a", "1"), index.record("b", "1")
    index.change({first: 1, second: 1})
    publish(connection)
    index.change({second: None})
    assert publish(connection) == Published(added=0, removed=1, through_change_id=2)
    assert crosswalk(connection) == {("a", "1", person(1))}


def test_a_merge_that_names_the_persons_only_is_published_all_the_same(connection: Connection) -> None:
    index = IndexState(connection)
    moved = index.record("b", "9")
    index.change({index.record("a", "1"): 1, moved: 2})
    publish(connection)
    index.change({})
    connection.execute(
        "insert into identity.events (change_id, event_no, kind, person_id, other_person_id, cause)"
        " values (2, 1, 'person_merged', %s, %s, 'test')",
        [person(1), person(2)],
    )
    connection.execute("update identity.membership set person_id = %s where record_id = %s", [person(1), moved])
    assert publish(connection) == Published(added=1, removed=1, through_change_id=2)


def test_publishing_again_adds_nothing(connection: Connection) -> None:
    index = IndexState(connection)
    index.change({index.record("a", "1"): 1})
    publish(connection)
    assert publish(connection) == Published(added=0, removed=0, through_change_id=1)
    assert len(changes_since(connection)) == 1
    assert connection.execute("select count(*) from publishing.publications").fetchone() == (1,)


def test_a_change_that_moves_nothing_is_noted_as_published(connection: Connection) -> None:
    index = IndexState(connection)
    index.change({index.record("a", "1"): 1})
    publish(connection)
    index.change({})
    assert publish(connection) == Published(added=0, removed=0, through_change_id=2)
    assert connection.execute("select added, removed from publishing.publications order by 1 desc").fetchall() == [
        (1, 0),
        (0, 0),
    ]


def test_there_and_back_between_two_publications_is_no_change(connection: Connection) -> None:
    index = IndexState(connection)
    record = index.record("a", "1")
    index.change({record: 1})
    publish(connection)
    index.change({record: 2})
    index.change({record: 1})
    assert publish(connection) == Published(added=0, removed=0, through_change_id=3)
    assert len(changes_since(connection)) == 1


def test_a_publication_that_does_not_commit_leaves_nothing_behind(database: str) -> None:
    with connect(database) as connection:
        index = IndexState(connection)
        index.change({index.record("a", "1"): 1})
    with connect(database) as connection, connection.transaction(force_rollback=True):
        publish(connection)
    with connect(database) as connection:
        assert crosswalk(connection) == set()
        assert publish(connection) == Published(added=1, removed=0, through_change_id=1)


def test_the_feed_is_read_on_in_pieces(connection: Connection) -> None:
    index = IndexState(connection)
    index.change({index.record("a", str(number)): number for number in range(5)})
    publish(connection)
    read: list[str] = []
    after = 0
    while piece := changes_since(connection, after, limit=2):
        assert len(piece) <= 2
        read += [str(each.source_person_id) for each in piece]
        after = piece[-1].change_no
    assert read == ["0", "1", "2", "3", "4"]


_RECORDS = 6
_moves = st.dictionaries(st.integers(0, _RECORDS - 1), st.one_of(st.none(), st.integers(1, 4)), max_size=4)
_identities = st.tuples(st.sampled_from("ab"), st.sampled_from("12"))
_steps = st.lists(st.one_of(_moves, st.just("publish"), _identities), max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    identities=st.lists(_identities, min_size=_RECORDS, max_size=_RECORDS),
    steps=_steps,
)
def test_after_any_history_the_crosswalk_is_a_full_rebuild_and_the_feed_replays_to_it(
    database: str, identities: list[tuple[str, str]], steps: list[object]
) -> None:
    with connect(database) as connection:
        try:
            index = IndexState(connection)
            records = [index.record(*identity) for identity in identities]
            withdrawn: set[int] = set()
            follower: set[tuple[str, str, str]] = set()
            after = 0
            for step in [*steps, "publish"]:
                if isinstance(step, tuple):
                    withdrawn |= {number for number, identity in enumerate(identities) if identity == step}
                    index.withdraw(*step)
                    continue
                if not isinstance(step, dict):
                    publish(connection)
                    assert crosswalk(connection) == index.expected()
                    told = changes_since(connection, after)
                    replay(follower, told)
                    assert follower == crosswalk(connection), "who followed from the beginning"
                    after = max([after, *(each.change_no for each in told)])
                    continue
                moves = {
                    records[number]: to
                    for number, to in step.items()
                    if number not in withdrawn and (to is not None or records[number] in index.owner)
                }
                withdrawn |= {number for number, to in step.items() if to is None and records[number] in moves}
                index.change(moves)
            late: set[tuple[str, str, str]] = set()
            replay(late, changes_since(connection))
            assert late == crosswalk(connection), "who comes late and reads the whole feed"
        finally:
            connection.rollback()


def test_two_publications_at_once_publish_each_change_once(database: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with connect(database) as connection:
        index = IndexState(connection)
        index.change({index.record("a", str(uuid.uuid4())): number for number in range(50)})

    def run(_: int) -> Published:
        with connect(database) as own:
            return publish(own)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(run, range(4)))
    assert sorted(each.added for each in outcomes) == [0, 0, 0, 50]


def test_identity_may_change_while_a_publication_looks_for_what_was_touched(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(database) as connection:
        index = IndexState(connection)
        early, late = index.record("a", "1"), index.record("b", "2")
        index.change({early: 1, late: 2})
        publish(connection)
        index.change({early: 3})
    note_touched = crosswalk_module._note_touched

    def interrupted(cursor: psycopg.Cursor[TupleRow], published_through: int) -> int:
        noted = note_touched(cursor, published_through)
        with connect(database) as steward:
            index.connection = steward
            index.change({early: 2, late: 3})
        return noted

    monkeypatch.setattr(crosswalk_module, "_note_touched", interrupted)
    with connect(database) as connection:
        assert publish(connection) == Published(added=2, removed=2, through_change_id=3)
        assert crosswalk(connection) == index.expected()
