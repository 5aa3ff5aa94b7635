"""Real servers for tests: one PostgreSQL a test session, one fresh database a test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from empi_pipeline.embedded.postgres import database_url, embedded_postgres
from empi_pipeline.postgres import Connection, connect, migrate

TEMPLATE = "empi_template"

# Tests may lose their database when the machine dies; the faults tests kill processes, not the machine.
FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """URL of a PostgreSQL that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with embedded_postgres(_short(shared) / "postgres", extra_settings=FAST) as url:
        make_template(url)
        yield url


def make_template(url: str) -> None:
    """Make the migrated database that tests copy, unless somebody else has."""
    with connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(1)")
        made = connection.execute("select from pg_database where datname = %s", [TEMPLATE]).fetchone()
        if made is None:
            connection.execute(f"create database {TEMPLATE}_new")
            with connect(database_url(url, f"{TEMPLATE}_new")) as fresh:
                migrate(fresh)
            connection.execute(f"alter database {TEMPLATE}_new rename to {TEMPLATE}")
        connection.execute("select pg_advisory_unlock(1)")


@pytest.fixture
def database(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, migrated database."""
    name = f"test_{uuid.uuid4().hex}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    yield database_url(postgres_server, name)
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """A connection to a fresh database."""
    with connect(database) as connection:
        yield connection


def _short(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
