"""The least-privilege roles of `sql/roles`, applied by psql to a cluster of their own."""

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pyarrow as pa
import pytest

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.identity.decisions import confirm, merge, reject, split
from empi_pipeline.identity.plan import apply_rematch
from empi_pipeline.identity.queries import person
from empi_pipeline.identity.reports import Report, report
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.linkage import key_index
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.postgres.migrations import pending
from empi_pipeline.publishing import publish
from empi_pipeline.sql import load
from empi_pipeline_tests.deployment.conftest import as_role
from empi_pipeline_tests.identity.world import World

RIGHTS = ("select", "insert", "update", "delete", "truncate")
ALL_BUT_TRUNCATE = {"select", "insert", "update", "delete"}


@pytest.mark.parametrize(
    ("schema", "exceptions", "rights"),
    [
        ("empi", {}, {"select"}),
        ("intake", {}, ALL_BUT_TRUNCATE),
        ("raw", {}, {"select", "insert", "delete"}),
        ("cleaned", {}, {"select", "insert", "delete"}),
        ("matching", {}, ALL_BUT_TRUNCATE),
        (
            "identity",
            {
                "events": {"select", "insert"},
                "changes": {"select", "insert"},
                "redactions": {"select", "insert"},
                "grouping_rules": {"select", "insert"},
                "membership": ALL_BUT_TRUNCATE,
                "case_pairs": ALL_BUT_TRUNCATE,
                "reported_pairs": ALL_BUT_TRUNCATE,
            },
            {"select", "insert", "update"},
        ),
        ("publishing", {}, ALL_BUT_TRUNCATE),
        ("evaluation", {}, ALL_BUT_TRUNCATE),
    ],
)
def test_the_application_has_the_rights_its_rooms_need_and_no_more(
    cluster: str, schema: str, exceptions: dict[str, set[str]], rights: set[str]
) -> None:
    with connect(as_role(cluster, "empi_pipeline")) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema = %s and table_type = 'BASE TABLE' and table_name not like 'blocking_keys_%%'",
            [schema],
        ).fetchall()
        assert tables
        for (table,) in tables:
            given = {
                right
                for right in RIGHTS
                if connection.execute("select has_table_privilege(%s, %s)", [f"{schema}.{table}", right]).fetchone()
                == (True,)
            }
            assert (table, given) == (table, exceptions.get(table, rights))


def test_the_application_makes_key_tables_takes_numbers_locks_and_analyzes(cluster: str) -> None:
    with connect(as_role(cluster, "empi_pipeline")) as connection:
        assert pending(connection) == []
        for model_id in (101, 102):
            key_index.save_keys(connection, model_id, pa.table({"record_id": [1, 2], "name": [10, 20]}))
        connection.execute("insert into intake.batches (batch_id) values ('b1')")
        connection.execute("select nextval(pg_get_serial_sequence('raw.person_records', 'record_id'))")
        connection.execute("lock table publishing.publications in share row exclusive mode")
        connection.execute("analyze cleaned.person_records")
        connection.execute("create temporary table new_keys (record_id bigint) on commit drop")
        connection.execute("select * from publishing.retired_persons")
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "update identity.events set kind = 'x'",
        "delete from identity.events",
        "truncate identity.events",
        "update identity.changes set actor = 'x'",
        "delete from identity.changes",
        "update identity.redactions set header_digest = ''",
        "delete from identity.persons",
        "delete from identity.decisions",
        "update raw.person_records set first_name = 'x'",
        "truncate raw.person_records",
        "update empi.schema_migrations set digest = 'x'",
        "alter table identity.events disable trigger all",
        "drop table identity.events",
        "create table identity.mine (a int)",
        "create table public.mine (a int)",
        "create schema mine",
        "set session_replication_role = replica",
    ],
)
def test_the_application_cannot(cluster: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner") as refused,
        connect(as_role(cluster, "empi_pipeline")) as connection,
    ):
        connection.execute(statement)
    assert refused.value.sqlstate == "42501"


def test_the_owner_cannot_rewrite_the_ledger_either_without_dropping_its_trigger(cluster: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), connect(as_role(cluster, "empi_owner")) as connection:
        connection.execute("delete from identity.events")


def test_the_application_has_the_search_indexes_made_and_readers_do_not(cluster: str) -> None:
    with connect(as_role(cluster, "empi_pipeline")) as connection:
        assert connection.execute("select cleaned.ensure_search_indexes(0)").fetchone() == (True,)
        assert connection.execute("select cleaned.ensure_search_indexes(0)").fetchone() == (False,)
        connection.rollback()
    with connect(database_url(cluster, "empi")) as connection:
        connection.execute("set role empi_steward")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute("select cleaned.ensure_search_indexes(0)")


def test_a_migration_may_alter_the_tables_of_blocking_keys(cluster: str) -> None:
    with connect(as_role(cluster, "empi_owner")) as connection:
        connection.execute("alter table matching.blocking_keys_101 add column later bigint")
        connection.rollback()


@pytest.mark.parametrize(
    ("role", "may_read"),
    [
        ("empi_steward", {"intake", "raw", "cleaned", "matching", "identity", "publishing"}),
        ("empi_analyst", {"publishing"}),
    ],
)
def test_a_reader_reads_its_schemas_and_writes_nothing(cluster: str, role: str, may_read: set[str]) -> None:
    with connect(database_url(cluster, "empi")) as connection:
        relations = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema = any(%s)",
            [["empi", "intake", "raw", "cleaned", "matching", "identity", "publishing"]],
        ).fetchall()
        assert len(relations) > 20
        for schema, name in relations:
            if name.startswith("blocking_keys_"):
                continue
            readable = connection.execute(
                "select has_schema_privilege(%(role)s, %(schema)s, 'usage')"
                " and has_table_privilege(%(role)s, %(table)s, 'select')",
                {"role": role, "schema": schema, "table": f"{schema}.{name}"},
            ).fetchone()
            writable = connection.execute(
                "select has_table_privilege(%s, %s, 'insert, update, delete, truncate')", [role, f"{schema}.{name}"]
            ).fetchone()
            assert (name, readable) == (name, (schema in may_read,))
            assert (name, writable) == (name, (False,))


def test_the_view_of_retired_persons_works_for_an_analyst_who_cannot_read_identity(cluster: str) -> None:
    with connect(database_url(cluster, "empi")) as connection:
        connection.execute("set role empi_analyst")
        assert connection.execute("select * from publishing.retired_persons").fetchall() == []


@pytest.fixture
def reviewed(cluster: str) -> Iterator[tuple[World, str]]:
    """A small index, and the URL of a reviewer who has a login of her own; taken away again afterwards."""
    name = f"reviewed_{uuid.uuid4().hex}"
    with connect(cluster, autocommit=True) as admin:
        admin.execute("drop role if exists ann")
        admin.execute("create role ann login in role empi_reviewer")
        admin.execute(f"create database {name} template empi owner empi_owner")
        admin.execute(f"grant connect, temporary on database {name} to empi_reviewer")
    url = database_url(cluster, name)
    with connect(url) as owner:
        world = World(owner)
        world.load("abcde", [("a", "b", 0.5), ("c", "d", 0.5), ("a", "e", 0.99)])
        owner.commit()
        yield world, url.replace("postgres@", "ann@")
    with connect(cluster, autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")
        admin.execute("drop role ann")


def test_a_reviewer_decides_takes_back_notes_and_publishes(reviewed: tuple[World, str]) -> None:
    world, url = reviewed
    with connect(url) as connection:
        assert pending(connection) == []
        saved = reject(connection, 1, 1, actor="ann", policy=world.policy)
        undo(connection, saved.change_id, actor="ann", policy=world.policy)
        confirm(connection, 2, 1, actor="ann", policy=world.policy)
        a, b = (person(connection, world.person_of(name)) for name in "ab")
        connection.commit()
        merge(connection, [(a.person_id, a.version), (b.person_id, b.version)], actor="ann", policy=world.policy)
        a = person(connection, a.person_id)
        connection.commit()
        apart = [frozenset({world.ids["b"]})]
        split(connection, a.person_id, a.version, apart, actor="ann", policy=world.policy, overrule=True)
        report(connection, [Report(world.ids["b"], world.ids["d"], "same")], actor="ann", policy=world.policy)
        note = {"case_id": None, "person_id": a.person_id, "actor": "ann", "note": "asked the ward"}
        connection.execute(load("identity/note_add"), note)
        publish(connection)
    withdraw(world.connection, "test", "c", actor="dpo", policy=world.policy)
    world.connection.commit()
    with connect(url) as connection:
        assert publish(connection).removed == 1, "what a withdrawal left to be told"
        assert verify(connection) == []
    assert world.persons() == {frozenset("ae"), frozenset("b"), frozenset("d")}


def _activate(connection: Connection, _world: World) -> None:
    connection.execute("update matching.model set is_active = false")


@pytest.mark.parametrize(
    "act",
    [
        lambda connection, world: apply_batch(connection, "batch-2", policy=world.policy),
        lambda connection, world: apply_rematch(connection, approved=True, policy=world.policy),
        lambda connection, world: withdraw(connection, "test", "a", actor="ann", policy=world.policy),
        _activate,
    ],
    ids=["batch", "rematch", "withdrawal", "activation"],
)
def test_a_reviewer_does_nothing_else(reviewed: tuple[World, str], act: Callable[[Connection, World], object]) -> None:
    world, url = reviewed
    world.deliver("fg", [("f", "g", 0.99)])
    world.connection.execute(
        "insert into matching.rescorings (model_id, seen_change_id) select %s, max(change_id) from identity.changes",
        [world.model_id],
    )
    world.connection.commit()
    with pytest.raises(DatabaseError, match="permission denied") as refused, connect(url) as connection:
        act(connection, world)
    assert refused.value.sqlstate == "42501"
    assert world.connection.execute("select max(change_id) from identity.changes").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "update identity.events set kind = 'x'",
        "delete from identity.events",
        "truncate identity.events",
        "update identity.changes set note = 'x'",
        "delete from identity.changes",
        "delete from identity.decisions",
        "update identity.decisions set kind = 'must_link'",
        "update identity.persons set person_id = gen_random_uuid()",
        "delete from identity.persons",
        "insert into identity.membership select * from identity.membership",
        "delete from identity.membership",
        "delete from identity.review_cases",
        "update identity.notes set note = 'x'",
        "insert into raw.person_records (batch_id) values ('x')",
        "delete from raw.person_records",
        "delete from cleaned.person_records",
        "delete from matching.predictions",
        "insert into matching.scored_batches select * from matching.scored_batches",
        "update intake.batches set status = 'waiting'",
        "delete from publishing.crosswalk_changes",
        "select * from empi.installation",
        "create table publishing.mine (a int)",
    ],
)
def test_a_reviewer_cannot(cluster: str, statement: str) -> None:
    with connect(database_url(cluster, "empi")) as connection:
        connection.execute("set role empi_reviewer")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute(statement)
        connection.rollback()


def test_each_login_role_reaches_its_own_database_alone(cluster: str) -> None:
    with connect(as_role(cluster, "dagster", "dagster")) as connection:
        connection.execute("create table only_for_this_test (a int)")
        connection.rollback()
    for role, database in (("dagster", "empi"), ("empi_pipeline", "dagster"), ("empi_owner", "dagster")):
        with pytest.raises(DatabaseError, match="permission denied for database"):  # noqa: SIM117
            with connect(as_role(cluster, role, database)):
                pass


def test_passwords_come_from_the_environment_whatever_is_in_them(cluster: str) -> None:
    with connect(cluster) as connection:
        stored = connection.execute(
            "select rolname from pg_authid where rolpassword is not null order by rolname"
        ).fetchall()
    assert stored == [("dagster",), ("empi_owner",), ("empi_pipeline",)]


def test_stewards_may_answer_sampled_pairs_and_analysts_may_see_nothing_but_rates(cluster: str) -> None:
    with connect(database_url(cluster, "empi")) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'evaluation'"
            ).fetchall()
        ]

        def holders(role: str, right: str) -> set[str]:
            return {
                name
                for name in tables
                if connection.execute(
                    "select has_table_privilege(%s, %s, %s)", [role, f"evaluation.{name}", right]
                ).fetchone()
                == (True,)
            }

        assert holders("empi_steward", "select") == set(tables)
        assert holders("empi_steward", "insert") == {"answers"}
        assert holders("empi_steward", "update, delete, truncate") == set()
        assert holders("empi_analyst", "select") == {"measurements", "rates"}
        assert holders("empi_analyst", "insert, update, delete, truncate") == set()
