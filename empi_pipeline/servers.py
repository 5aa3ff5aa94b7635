"""Which servers this process uses: those the environment names, else the embedded ones.

Everything else (Dagster's instance, resources, subprocesses) reads the environment variables set here.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from empi_pipeline.embedded.postgres import database_url, embedded_postgres
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.postgres import connect
from empi_pipeline.settings import home

POSTGRES_URL: Final = "EMPI_POSTGRES_URL"
DAGSTER_POSTGRES_URL: Final = "EMPI_DAGSTER_POSTGRES_URL"
S3_BUCKET: Final = "EMPI_S3_BUCKET"
S3_ENDPOINT_URL: Final = "EMPI_S3_ENDPOINT_URL"


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses in use.

    Attributes:
        postgres_url: The index.
        dagster_postgres_url: Dagster's own storage, a database apart.
        bucket: The S3 bucket of inbox and exports.
        endpoint_url: S3 endpoint, or None for AWS.
        embedded: Which of "postgres" and "s3" are the embedded ones.
    """

    postgres_url: str
    dagster_postgres_url: str
    bucket: str
    endpoint_url: str | None
    embedded: frozenset[str]


@contextmanager
def servers() -> Iterator[Servers]:
    """Start what is embedded, create its databases, and set the environment for this process and its children.

    Raises:
        ConfigurationError: The environment names one half of a pair of servers only, or a URL that is none.
    """
    before = dict(os.environ)
    with ExitStack() as stack:
        embedded = set()
        if os.environ.get(POSTGRES_URL):
            _refuse_wrong_url(os.environ[POSTGRES_URL])
            os.environ.setdefault(DAGSTER_POSTGRES_URL, database_url(os.environ[POSTGRES_URL], "dagster"))
        else:
            embedded.add("postgres")
            url = stack.enter_context(embedded_postgres(home() / "postgres"))
            os.environ[POSTGRES_URL] = _ensure_database(url, "empi")
            os.environ[DAGSTER_POSTGRES_URL] = _ensure_database(url, "dagster")
        if not os.environ.get(S3_BUCKET):
            # boto3 takes long to import, and so does whatever else only the embedded endpoint needs.
            from empi_pipeline.embedded.object_store import embedded_object_store

            embedded.add("s3")
            endpoint = stack.enter_context(embedded_object_store(home() / "s3"))
            os.environ[S3_BUCKET] = endpoint.bucket
            os.environ[S3_ENDPOINT_URL] = endpoint.url
            os.environ["AWS_ACCESS_KEY_ID"] = endpoint.access_key
            os.environ["AWS_SECRET_ACCESS_KEY"] = endpoint.secret_key
            os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
            os.environ.pop("AWS_SESSION_TOKEN", None)
        try:
            yield Servers(
                os.environ[POSTGRES_URL],
                os.environ[DAGSTER_POSTGRES_URL],
                os.environ[S3_BUCKET],
                os.environ.get(S3_ENDPOINT_URL) or None,
                frozenset(embedded),
            )
        finally:
            os.environ.clear()
            os.environ.update(before)


def dagster_home() -> Path:
    """Folder of the Dagster instance, with the project's `dagster.yaml` in it."""
    return Path(os.environ.get("DAGSTER_HOME") or home() / "dagster")


def _ensure_database(url: str, name: str) -> str:
    with connect(url, autocommit=True) as connection:
        # Two first commands at once: one creates, the other finds it.
        connection.execute("select pg_advisory_lock(hashtext('empi create database'))")
        if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            connection.execute(f'create database "{name}"')
    return database_url(url, name)


def _refuse_wrong_url(url: str) -> None:
    if urlsplit(url).scheme != "postgresql":  # Dagster's storage takes no other spelling.
        raise ConfigurationError(f"{POSTGRES_URL} must look like postgresql://user:password@host:5432/empi")
