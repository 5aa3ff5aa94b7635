"""Whatever somebody does to ledger or state with all rights there are, `verify` says so."""

import pytest

from empi_pipeline.identity.decisions import confirm, merge, reject
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World

# Two sealed changes further, whoever knows how digests are made can append to the chain; the state gives him away.
FORGED = (
    "insert into identity.events (change_id, event_no, kind, record_id, person_id, other_person_id, cause)"
    " select 6, 0, 'record_moved', record_id, (select min(person_id::text) from identity.persons)::uuid, person_id, 'x'"
    " from identity.membership where record_id = 5;"
    " insert into identity.changes (change_id, kind, actor, event_count, previous_digest, digest)"
    " select 6, 'decision', 'mallory', 1, digest, '' from identity.changes where change_id = 5;"
    " update identity.changes set digest = {digest} where change_id = 6"
)

TAMPERING = {
    "an event gives another person": (
        "update identity.events set person_id = other_person_id where kind = 'record_moved'", {"chain", "membership"},
    ),
    "an event has another cause": ("update identity.events set cause = 'new' where event_no = 1", {"chain"}),
    "an event has another weight": ("update identity.events set match_weight = 99 where event_no = 1", {"chain"}),
    "an event has another linked record": (
        "update identity.events set linked_record_id = 1 where event_no = 2", {"chain"},
    ),
    "an event is gone": ("delete from identity.events where change_id = 2 and event_no = 0", {"chain"}),
    "an event came later": (
        "insert into identity.events (change_id, event_no, kind, record_id, person_id, cause)"
        " select 1, 99, 'record_moved', record_id, person_id, 'x' from identity.membership limit 1", {"chain"},
    ),
    "events changed places": (
        "update identity.events set event_no = 100 + event_no where change_id = 1 and event_no < 2;"
        " update identity.events set event_no = 101 - event_no where event_no >= 100", {"chain"},
    ),
    "an event belongs to another change": (
        "update identity.events set change_id = 3, event_no = 50 where change_id = 2 and event_no = 0", {"chain"},
    ),
    "somebody else did it": ("update identity.changes set actor = 'mallory' where change_id = 2", {"chain"}),
    "it happened at another time": (
        "update identity.changes set at = at - interval '1 s' where change_id = 2", {"chain"},
    ),
    "it has another reason": ("update identity.changes set note = 'because' where change_id = 2", {"chain"}),
    "it was a batch": ("update identity.changes set kind = 'rematch' where change_id = 2", {"chain"}),
    "a digest is another one": ("update identity.changes set digest = sha256('x') where change_id = 2", {"chain"}),
    "a link of the chain is another one": (
        "update identity.changes set previous_digest = sha256('x') where change_id = 2", {"chain"},
    ),
    "a change is gone": ("delete from identity.changes where change_id = 3", {"chain", "stray_events"}),
    "a change is gone without trace": (
        "delete from identity.changes where change_id = 2; delete from identity.events where change_id = 2", {"chain"},
    ),
    "the last change is gone without trace in the ledger": (
        "delete from identity.changes where change_id = 5; delete from identity.events where change_id = 5;"
        " delete from identity.decisions where change_id = 5;"
        " update identity.decisions set revoked_change_id = null where revoked_change_id = 5", {"stray_events"},
    ),
    "changes changed places": (
        "update identity.changes set change_id = case change_id when 2 then 102 else 103 end where change_id in (2, 3);"
        " update identity.changes set change_id = case change_id when 102 then 3 else 2 end where change_id > 100",
        {"chain"},
    ),
    "a forged change without the right digest": (FORGED.format(digest="sha256('x')"), {"chain"}),
    "a forged change with the right digest": (
        FORGED.format(digest="identity.digest_of(changes)"), {"membership"},
    ),
    "a decision says the opposite": (
        "update identity.decisions set kind = 'cannot_link' where revoked_change_id is null", {"chain", "decisions"},
    ),
    "a decision was ended behind the ledger": (
        "update identity.decisions set revoked_change_id = 4 where revoked_change_id is null", {"chain"},
    ),
    "an ended decision is in force again": (
        "delete from identity.decisions where change_id = 5;"
        " update identity.decisions set revoked_change_id = null", {"chain"},
    ),
    "somebody else decided": ("update identity.decisions set actor = 'mallory'", {"chain"}),
    "a decision is gone": ("delete from identity.decisions where decision_id = 1", {"chain"}),
    "a decision was added": (
        "insert into identity.decisions (decision_id, kind, record_id_l, record_id_r, actor, change_id)"
        " values (99, 'cannot_link', 1, 5, 'mallory', 2)", {"chain"},
    ),
    "a record is with somebody else": (
        "update identity.membership set person_id = (select person_id from identity.membership where record_id = 1)"
        " where record_id = 5", {"membership", "persons"},
    ),
    "a record has no person": ("delete from identity.membership where record_id = 5", {"membership", "persons"}),
    "a record nobody delivered": (
        "insert into identity.membership select 77, person_id, change_id from identity.membership limit 1",
        {"membership", "persons", "records_without_person"},
    ),
    "a person counts wrong": ("update identity.persons set record_count = record_count + 1", {"persons"}),
    "a living person is retired": (
        "update identity.persons set retired_change_id = 1 where retired_change_id is null", {"persons"},
    ),
    "a retired person leads to somebody else": (
        "update identity.persons set merged_into = person_id where retired_change_id is not null",
        {"persons", "dead_ends"},
    ),
    "a person is gone": ("delete from identity.persons where retired_change_id is not null", {"births"}),
    "a person was made up": (
        "insert into identity.persons (person_id, created_change_id, created_at, record_count, retired_change_id)"
        " values (gen_random_uuid(), 1, now(), 0, 1)", {"births"},
    ),
    "a case asks nothing": ("delete from identity.case_pairs", {"cases"}),
    "a case counts wrong": ("update identity.review_cases set person_count = 9", {"cases"}),
}  # fmt: skip


@pytest.fixture
def index(connection: Connection) -> World:
    """Five changes: two batches, a confirmation, a rejection taken back by a merge; an open case remains."""
    world = World(connection)
    world.load("abcde", [("a", "b", 0.5), ("c", "d", 0.5), ("d", "e", 0.5)])
    world.load("fg", [("f", "a", 0.99), ("g", "e", 0.5)])
    confirm(connection, 1, 2, actor="ann", policy=world.policy)
    reject(connection, 2, 2, pairs=[(3, 4)], actor="ann", policy=world.policy)
    merge(connection, [(world.person_of(name), 1) for name in "cd"], actor="bob", policy=world.policy, overrule=True)
    assert verify(connection) == []
    assert world.cases() != {}
    return world


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_shows(index: World, what: str) -> None:
    statements, found_by = TAMPERING[what]
    connection = index.connection
    connection.execute("set session_replication_role = replica")
    for statement in statements.split(";"):
        connection.execute(statement)
    assert {problem.check for problem in verify(connection)} >= found_by


def test_a_question_taken_out_or_put_in_shows_against_the_evidence(index: World) -> None:
    connection = index.connection
    connection.execute("delete from identity.case_pairs where (record_id_l, record_id_r) = (5, 7)")
    connection.execute(
        "insert into identity.case_pairs select max(case_id), 1, 5 from identity.review_cases where status = 'open'"
    )
    found = {problem.check for problem in verify_evidence(connection, index.policy)}
    assert found == {"missing_questions", "idle_questions"}


@pytest.mark.parametrize("table", ["changes", "events"])
@pytest.mark.parametrize("statement", ["update {} set change_id = 9", "delete from {}", "truncate {} cascade"])
def test_the_ledger_refuses_even_its_owner(index: World, table: str, statement: str) -> None:
    with pytest.raises(Exception, match="append-only"):
        index.connection.execute(statement.format(f"identity.{table}"))


def test_an_undo_leaves_a_ledger_that_verifies(index: World) -> None:
    undo(index.connection, 5, actor="ann", policy=index.policy)
    assert verify(index.connection) == []
