"""The whole pipeline on real servers: the session's PostgreSQL, an S3 endpoint of its own, real Dagster runs."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from empi_pipeline.automation.local import Pipeline, pipeline, prepare_dagster_home, prepare_dagster_storage
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect

_DAGSTER_TEMPLATE = "dagster_template"


@pytest.fixture(scope="session")
def dagster_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with Dagster's tables: making them takes a second, copying them none."""
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(2)")
        made = connection.execute("select from pg_database where datname = %s", [_DAGSTER_TEMPLATE]).fetchone()
        if not made:
            connection.execute(f"create database {_DAGSTER_TEMPLATE}_new")
            before = dict(os.environ)
            os.environ["EMPI_DAGSTER_POSTGRES_URL"] = database_url(postgres_server, f"{_DAGSTER_TEMPLATE}_new")
            os.environ["EMPI_HOME"] = str(tmp_path_factory.mktemp("dagster"))
            os.environ.pop("DAGSTER_HOME", None)
            try:
                prepare_dagster_home()
                prepare_dagster_storage()
            finally:
                os.environ.clear()
                os.environ.update(before)
            connection.execute(f"alter database {_DAGSTER_TEMPLATE}_new rename to {_DAGSTER_TEMPLATE}")
        connection.execute("select pg_advisory_unlock(2)")
    return _DAGSTER_TEMPLATE


@pytest.fixture
def environment(
    database: str, postgres_server: str, dagster_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Environment variables of a fresh index; the folder is its `EMPI_HOME`."""
    dagster = f"dagster_{uuid.uuid4().hex}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {dagster} template {dagster_template}")
    for name in list(os.environ):
        if name.startswith(("EMPI_", "AWS_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EMPI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_DAGSTER_POSTGRES_URL", database_url(postgres_server, dagster))
    yield tmp_path / "home"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {dagster} with (force)")


@pytest.fixture
def running(environment: Path) -> Iterator[Pipeline]:
    """The pipeline on a fresh index."""
    with pipeline() as running:
        yield running
