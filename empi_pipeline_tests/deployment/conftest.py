"""A cluster set up as compose sets it up: roles, databases, passwords, migration, rights."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from empi_pipeline.embedded.postgres import _binaries, database_url, embedded_postgres
from empi_pipeline.linkage import key_index
from empi_pipeline.postgres import connect, migrate
from empi_pipeline.sql import SQL_ROOT
from empi_pipeline_tests.deployment.compose import ROOT

PASSWORDS = {
    "EMPI_OWNER_PASSWORD": "o'wner",
    "EMPI_PIPELINE_PASSWORD": "pipeline",
    "DAGSTER_POSTGRES_PASSWORD": "dagster",
}


def psql(url: str, *files: Path) -> None:
    for file in files:
        subprocess.run(
            [str(_binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(file)],
            check=True,
            env=PASSWORDS,
            timeout=60,
        )


def as_role(url: str, role: str, database: str = "empi") -> str:
    return database_url(url.replace("postgres@", f"{role}@"), database)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of its superuser; roles belong to a cluster, so the one of the other tests is not for this."""
    roles = SQL_ROOT / "roles"
    with embedded_postgres(tmp_path_factory.mktemp("roles") / "postgres", extra_settings="fsync = off") as url:
        for _ in range(2):  # Each file may be applied again at any time.
            psql(url, roles / "1_roles.sql", roles / "2_databases.sql", ROOT / "deploy" / "passwords.sql")
            with connect(as_role(url, "empi_owner")) as connection:
                migrate(connection)
            psql(as_role(url, "empi_owner"), roles / "3_privileges.sql")
            with connect(as_role(url, "empi_pipeline")) as connection:
                # Of the first round; the second must leave the application's own tables be.
                key_index.ensure_table(connection, 101, ["name"])
        yield url
