"""The least-privilege roles of `sql/roles`, applied by psql to a cluster of their own."""

import pyarrow as pa
import pytest

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.linkage import key_index
from empi_pipeline.postgres import connect
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.postgres.migrations import pending
from empi_pipeline_tests.deployment.conftest import as_role

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
                "membership": ALL_BUT_TRUNCATE,
                "case_pairs": ALL_BUT_TRUNCATE,
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
