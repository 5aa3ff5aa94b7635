"""The server as a whole: health, hosts, other sites, sizes."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.settings import ApiSettings, Settings


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    settings = Settings(api=ApiSettings(body_bytes=1_000, connections=2))
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def test_a_server_that_can_work_is_healthy(client: TestClient) -> None:
    answer = client.get("/api/v1/health-check")
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["cache-control"] == "no-store"


def test_an_unknown_path_is_not_found(client: TestClient) -> None:
    for path in ("/api/v1/nothing", "/api/v1/health-check/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "Resource not found"


def test_a_wrong_method_is_named(client: TestClient) -> None:
    answer = client.post("/api/v1/health-check")
    assert (answer.status_code, answer.json()["error"]["message"]) == (405, 'Method "POST" not allowed.')


def test_without_an_issuer_only_loopback_names_are_answered(client: TestClient) -> None:
    assert client.get("/api/v1/health-check", headers={"Host": "rebound.example:8000"}).status_code == 421
    assert client.get("/api/v1/health-check", headers={"Host": "[::1]:8000"}).status_code == 200


def test_pages_of_other_sites_cannot_post(client: TestClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert client.post("/api/v1/health-check", headers=headers).status_code == 403
    assert client.post("/api/v1/health-check", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 405


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    assert client.post("/api/v1/matches", content=b"x" * 1_001).status_code == 413
