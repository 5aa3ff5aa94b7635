"""Fixtures of tests that run the whole pipeline: a fresh index, an S3 endpoint of its own, real Dagster runs."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from empi_pipeline.automation.local import Pipeline, pipeline, prepare_dagster_home, prepare_dagster_storage
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect
from empi_pipeline_tests.conftest import TEMPLATE

_DAGSTER_TEMPLATE = "dagster_template"


@pytest.fixture(scope="session")
def dagster_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with Dagster's tables: making them takes a second, copying them none."""
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(2)")
        made = connection.execute("select from pg_database where datname = %s", [_DAGSTER_TEMPLATE]).fetchone()
        if made is None:
            connection.execute(f"create database {_DAGSTER_TEMPLATE}_new")
            with _own_environment():
                os.environ["EMPI_DAGSTER_POSTGRES_URL"] = database_url(postgres_server, f"{_DAGSTER_TEMPLATE}_new")
                os.environ["EMPI_HOME"] = str(tmp_path_factory.mktemp("dagster"))
                prepare_dagster_home()
                prepare_dagster_storage()
            connection.execute(f"alter database {_DAGSTER_TEMPLATE}_new rename to {_DAGSTER_TEMPLATE}")
        connection.execute("select pg_advisory_unlock(2)")
    return _DAGSTER_TEMPLATE


@contextmanager
def fresh_index(server: str, home: Path) -> Iterator[None]:
    """Environment variables of a fresh index and a fresh Dagster storage.

    Args:
        server: URL of a PostgreSQL that has both templates.
        home: The `EMPI_HOME`.
    """
    names = {part: f"{part}_{uuid.uuid4().hex}" for part in ("empi", "dagster")}
    with connect(server, autocommit=True) as connection:
        connection.execute(f"create database {names['empi']} template {TEMPLATE}")
        connection.execute(f"create database {names['dagster']} template {_DAGSTER_TEMPLATE}")
    with _own_environment():
        os.environ["EMPI_HOME"] = str(home)
        os.environ["EMPI_POSTGRES_URL"] = database_url(server, names["empi"])
        os.environ["EMPI_DAGSTER_POSTGRES_URL"] = database_url(server, names["dagster"])
        yield
    with connect(server, autocommit=True) as connection:
        for name in names.values():
            connection.execute(f"drop database {name} with (force)")


@contextmanager
def _own_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith(("EMPI_", "AWS_", "DAGSTER_")):
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def environment(postgres_server: str, dagster_template: str, tmp_path: Path) -> Iterator[Path]:
    """Environment variables of a fresh index; the folder is its `EMPI_HOME`."""
    del dagster_template
    with fresh_index(postgres_server, tmp_path / "home"):
        yield tmp_path / "home"


@pytest.fixture
def running(environment: Path) -> Iterator[Pipeline]:
    """The pipeline on a fresh index."""
    del environment
    with pipeline() as running:
        yield running
