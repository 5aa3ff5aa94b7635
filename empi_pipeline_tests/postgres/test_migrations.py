from dataclasses import replace
from pathlib import Path

import pytest

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect, migrate
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.postgres.migrations import Migration, MigrationError, available, pending

FIRST = Migration(1, "one", "create table public.one (a int)", "d1")
SECOND = Migration(2, "two", "create table public.two (a int)", "d2")


@pytest.fixture
def empty_database(postgres_server: str) -> str:
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute("drop database if exists empty_one with (force)")
        connection.execute("create database empty_one")
    return database_url(postgres_server, "empty_one")


def test_each_migration_is_applied_once(empty_database: str) -> None:
    with connect(empty_database) as connection:
        assert migrate(connection, [FIRST]) == [FIRST]
        assert migrate(connection, [FIRST, SECOND]) == [SECOND]
        assert migrate(connection, [FIRST, SECOND]) == []


def test_an_altered_migration_is_refused_by_name(empty_database: str) -> None:
    with connect(empty_database) as connection:
        migrate(connection, [FIRST])
        with pytest.raises(MigrationError, match="0001_one was altered"):
            migrate(connection, [replace(FIRST, digest="other")])


def test_a_database_newer_than_the_software_is_refused(empty_database: str) -> None:
    with connect(empty_database) as connection:
        migrate(connection, [FIRST, SECOND])
        with pytest.raises(MigrationError, match="does not know"):
            migrate(connection, [FIRST])


def test_a_failing_migration_leaves_nothing_behind(empty_database: str) -> None:
    broken = Migration(2, "broken", "create table public.half (a int); select nonsense", "d")
    with connect(empty_database) as connection:
        migrate(connection, [FIRST])
    with pytest.raises(DatabaseError), connect(empty_database) as connection:
        migrate(connection, [FIRST, broken])
    with connect(empty_database) as connection:
        assert connection.execute("select to_regclass('public.half')").fetchone() == (None,)
        assert connection.execute("select max(version) from empi.schema_migrations").fetchone() == (1,)


def test_a_fresh_database_lacks_all_and_a_migrated_one_nothing(empty_database: str, database: str) -> None:
    with connect(empty_database) as connection:
        assert pending(connection) == available()
    with connect(database) as connection:
        assert pending(connection) == []


def test_misnamed_or_missing_numbers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_two.sql").write_text("select 1")
    with pytest.raises(MigrationError, match="without a gap"):
        available(tmp_path)
    (tmp_path / "one.sql").write_text("select 1")
    with pytest.raises(MigrationError, match="not named"):
        available(tmp_path)


def test_an_error_of_the_database_names_the_constraint_and_no_value(database: str) -> None:
    insert = "insert into intake.batches (batch_id) values ('CANARYVALUE')"
    with connect(database) as connection:
        connection.execute(insert)
    with pytest.raises(DatabaseError) as caught, connect(database) as connection:
        connection.execute(insert)
    assert "batches_batch_id_key" in str(caught.value)
    assert caught.value.sqlstate == "23505"
    assert "CANARYVALUE" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_ledger_refuses_update_delete_and_truncate(database: str) -> None:
    for statement in (
        "update identity.events set kind = 'x'",
        "delete from identity.changes",
        "truncate identity.events",
    ):
        with pytest.raises(DatabaseError, match="append-only"), connect(database) as connection:
            connection.execute(statement)
