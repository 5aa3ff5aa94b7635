import psycopg
import pytest

from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.decisions import merge, reject
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import lift, withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline.publishing import publish
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


def test_a_withdrawal_that_dies_before_its_end_has_done_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection)
    world.load({"a": {}, "b": {"last_name": "CANARY"}}, [("a", "b", 0.99)])
    publish(connection)
    connection.commit()
    tables = (
        "raw.person_records", "cleaned.person_records", "matching.predictions", "identity.membership",
        "identity.events", "identity.withdrawals", "publishing.crosswalk", "publishing.crosswalk_changes",
    )  # fmt: skip

    def rows() -> list[object]:
        return [connection.execute(f"select * from {table} as each order by each::text").fetchall() for table in tables]

    def dies(*_: object) -> None:
        raise RuntimeError

    before = rows()
    monkeypatch.setattr("empi_pipeline.identity.withdrawal.seal", dies)
    with pytest.raises(RuntimeError):
        withdraw(connection, "test", "b", actor="dpo", policy=world.policy)
    assert rows() == before
    monkeypatch.undo()
    assert withdraw(connection, "test", "b", actor="dpo", policy=world.policy).crosswalk_rows == 1


def test_a_note_that_repeats_what_is_withdrawn_is_refused(connection: Connection) -> None:
    world = World(connection)
    world.load({"anna": {"last_name": "Canary"}})
    for note in ("asked by Mrs CANARY", "test anna"):
        with pytest.raises(InvalidDecisionError, match="repeats a value"):
            withdraw(connection, "test", "anna", actor="dpo", note=note, policy=world.policy)


def test_a_lift_needs_a_withdrawal_in_force_and_is_in_the_ledger(connection: Connection) -> None:
    world = World(connection)
    world.load("ab")
    with pytest.raises(NotFoundError, match="no withdrawal"):
        lift(connection, "test", "b", actor="dpo")
    withdraw(connection, "test", "b", actor="dpo", policy=world.policy)
    assert lift(connection, "test", "b", actor="dpo", note="came back") == 3
    with pytest.raises(NotFoundError, match="no withdrawal"):
        lift(connection, "test", "b", actor="dpo")
    assert connection.execute(
        "select change_id, kind, actor, note from identity.changes where change_id = 3"
    ).fetchall() == [(3, "withdrawal_lifted", "dpo", "came back")]
    assert connection.execute("select change_id, lifted_change_id from identity.withdrawals").fetchall() == [(2, 3)]
    assert [str(problem) for problem in verify(connection)] == []


def test_a_redacted_change_keeps_its_digest_and_nothing_else_of_it_may_be_altered(connection: Connection) -> None:
    world = World(connection)
    world.load({"a": {}, "b": {"last_name": "Canary"}})
    pair = [(world.person_of("a"), 1), (world.person_of("b"), 1)]
    merge(connection, pair, actor="ann", note="Mrs Canary", policy=world.policy)
    connection.commit()
    for statement in ("set note = null", "set note = 'other'", "set actor = 'x'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update identity.changes " + statement)
        connection.rollback()
    withdraw(connection, "test", "b", actor="dpo", policy=world.policy)
    connection.commit()
    assert connection.execute("select note from identity.changes order by change_id").fetchall() == [(None,)] * 3
    for statement in ("set actor = 'x'", "set note = 'other', actor = 'x'", "set note = 'other'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update identity.changes " + statement + " where change_id = 2")
        connection.rollback()
    assert [str(problem) for problem in verify(connection)] == []
    connection.execute("alter table identity.events disable trigger all")
    connection.execute("update identity.events set cause = 'x' where change_id = 2 and event_no = 1")
    assert [problem.check for problem in verify(connection)] == ["chain"], "its events are in the chain as before"


@pytest.mark.parametrize(
    ("content", "goes"),
    [
        (b"test,X-17,too,few", True),
        (b'"test";"X-17";"too', True),
        (b'{"data_source": "test", "source_person_id": "X-17", ', True),
        ("test,X-17,too".encode("utf-16-le"), True),
        (b"test,X-170,another", False),
        (b"test,AX-17,another", False),
        (b"other,X-17,of another data source", False),
    ],
)
def test_rejected_rows_of_a_withdrawn_identity_lose_their_content_as_far_as_they_can_be_told(
    connection: Connection, content: bytes, goes: bool
) -> None:
    world = World(connection)
    world.load({"X-17": {}})
    connection.execute("insert into raw.rejected_rows values ('elsewhere', 99, 1, 'field_count', null, %s)", [content])
    done = withdraw(connection, "test", "X-17", actor="dpo", policy=world.policy)
    assert done.erased.rejected_rows == int(goes)
    assert connection.execute("select content from raw.rejected_rows").fetchall() == [(None if goes else content,)]


def test_a_rejected_row_that_does_not_name_its_source_is_told_by_what_else_its_object_holds(
    connection: Connection,
) -> None:
    world = World(connection)
    world.load({"X-17": {}, "X-18": {}})
    connection.execute(
        "insert into raw.rejected_rows select batch_id, arrival_id, 9, 'field_count', null, 'X-17,too,few'"
        " from raw.person_records limit 1"
    )
    assert withdraw(connection, "test", "X-17", actor="dpo", policy=world.policy).erased.rejected_rows == 1


def test_values_that_others_have_too_stay_among_the_frozen_frequencies(connection: Connection) -> None:
    world = World(connection)
    world.load({"a": {"last_name": "smith"}, "b": {"last_name": "smith"}, "c": {"last_name": "canary"}})
    for column, value, frequency in (("last_name", "smith", 0.6), ("last_name", "canary", 0.3), ("city", "canary", 1)):
        connection.execute("insert into matching.term_frequencies values (1, %s, %s, %s)", [column, value, frequency])
    withdraw(connection, "test", "a", actor="dpo", policy=world.policy)
    withdraw(connection, "test", "c", actor="dpo", policy=world.policy)
    assert connection.execute("select column_name, value from matching.term_frequencies order by 1").fetchall() == [
        ("city", "canary"),
        ("last_name", "smith"),
    ]


def test_taking_back_a_change_does_not_bring_back_decisions_about_withdrawn_records(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5)])
    reject(connection, 1, 1, actor="ann", policy=world.policy)
    overruling = merge(
        connection,
        [(world.person_of(name), 1) for name in "abc"],
        actor="ann",
        policy=world.policy,
        overrule=True,
    )
    withdraw(connection, "test", "a", actor="dpo", policy=world.policy)
    undo(connection, overruling.change_id, actor="ann", policy=world.policy)
    del world.ids["a"]
    assert world.persons() == {frozenset("b"), frozenset("c")}
    assert connection.execute("select count(*) from identity.decisions where revoked_change_id is null").fetchone() == (
        0,
    )
    assert [str(problem) for problem in verify(connection)] == []


def test_notes_with_answers_to_evaluation_questions_go_and_the_answers_stay(connection: Connection) -> None:
    world = World(connection)
    world.load("abc")
    connection.execute("set session_replication_role = replica")
    for left, right in ("ab", "bc"):
        connection.execute(
            "insert into evaluation.pairs (sample_id, stratum_no, record_id_l, record_id_r, match_weight)"
            " values (1, 1, %s, %s, 5)",
            [world.ids[left], world.ids[right]],
        )
    connection.execute(
        "insert into evaluation.answers (pair_id, answer, actor, note)"
        " select pair_id, 'same', 'x', 'y' from evaluation.pairs"
    )
    connection.execute("set session_replication_role = default")
    assert withdraw(connection, "test", "a", actor="dpo", policy=world.policy).notes_erased == 1
    assert connection.execute("select answer, note from evaluation.answers order by 1, 2").fetchall() == [
        ("same", "y"),
        ("same", None),
    ]
