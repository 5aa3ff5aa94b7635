"""One server on one database a module; its tests stand on the same index and add to it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.embedded.object_store import Endpoint, embedded_object_store
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect
from empi_pipeline.settings import Settings
from empi_pipeline_tests.api.issuer import SETTINGS, Issuer
from empi_pipeline_tests.conftest import TEMPLATE

LOCAL = "http://127.0.0.1:8000"
API = "/api/v1"


@pytest.fixture(scope="module")
def index(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, migrated database for a whole module."""
    name = f"test_{uuid.uuid4().hex}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    yield database_url(postgres_server, name)
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def module_environment(index: str) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPI_POSTGRES_URL", index)
        patch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
        # The change feed goes nowhere: no S3 is there, and waiting for one takes its time.
        patch.setattr("empi_pipeline.api.saving._Exports.put", lambda *_: None)
        yield patch


@pytest.fixture(scope="module")
def client(module_environment: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The server as the local user reaches it."""
    del module_environment
    with TestClient(create_app(Settings()), base_url=LOCAL) as client:
        yield client


@pytest.fixture(scope="module")
def bucket(module_environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A real S3 endpoint; ask for it before the client."""
    folder: Path = tmp_path_factory.mktemp("s3")
    with embedded_object_store(folder) as endpoint:
        module_environment.setenv("EMPI_S3_BUCKET", endpoint.bucket)
        module_environment.setenv("EMPI_S3_ENDPOINT_URL", endpoint.url)
        module_environment.setenv("AWS_ACCESS_KEY_ID", endpoint.access_key)
        module_environment.setenv("AWS_SECRET_ACCESS_KEY", endpoint.secret_key)
        module_environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield endpoint


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def app(module_environment: pytest.MonkeyPatch, issuer: Issuer) -> FastAPI:
    module_environment.setattr("empi_pipeline.api.app.Keys", lambda settings: Keys(settings, issuer.fetch))
    return create_app(Settings(api=SETTINGS))


@pytest.fixture(scope="module")
def anyone(app: FastAPI) -> Iterator[TestClient]:
    """A client without a token."""
    with TestClient(app, base_url="https://empi.example") as client:
        yield client


@pytest.fixture(scope="module")
def as_user(anyone: TestClient, issuer: Issuer, index: str) -> Any:
    """A client of somebody with a role and perhaps data sources."""

    def client(subject: str, role: str | None, data_sources: list[str] | None = None) -> TestClient:
        token = issuer.token(subject)
        anyone.get(f"{API}/users/me", headers={"Authorization": f"Bearer {token}"})
        with connect(index) as connection:
            connection.execute(
                "update access.users set role = %s, data_sources = %s where subject = %s", [role, data_sources, subject]
            )
        return TestClient(anyone.app, base_url="https://empi.example", headers={"Authorization": f"Bearer {token}"})

    return client
