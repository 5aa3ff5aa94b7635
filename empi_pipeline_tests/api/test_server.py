"""The server as a whole: health, hosts, other sites, sizes."""

import asyncio
import json
import time
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Message

from empi_pipeline.api import create_app
from empi_pipeline.settings import ApiSettings, Settings


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    settings = Settings(api=ApiSettings(body_bytes=1_000, body_seconds=0.3, connections=2))
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


def answered(
    app: ASGIApp, path: str, pieces: list[bytes | None], headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """What the application answers to a body that comes in pieces; at None it stops coming."""

    async def ask() -> tuple[int, str]:
        waiting = iter(pieces)
        sent: list[Message] = []

        async def receive() -> Message:
            piece = next(waiting, None)
            if piece is None:
                await asyncio.sleep(30)
            return {"type": "http.request", "body": piece, "more_body": True}

        async def send(message: Message) -> None:
            sent.append(message)

        given = {"host": "127.0.0.1", "content-type": "application/json"}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"last_name=Logcanary",
            "root_path": "",
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        await asyncio.wait_for(app(scope, receive, send), 20)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()

    return asyncio.run(ask())


def test_a_body_that_never_ends_is_refused_when_it_is_too_large(client: TestClient) -> None:
    status, body = answered(client.app, "/api/v1/matches", [b"[" * 400] * 10)
    assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_a_body_that_comes_too_slowly_is_refused(client: TestClient) -> None:
    begun = time.monotonic()
    status, body = answered(client.app, "/api/v1/matches", [b"[", None])
    assert (status, json.loads(body)["error"]["code"]) == (408, "slow")
    assert time.monotonic() - begun < 10


def test_what_nobody_expected_is_told_by_a_number_and_logged_without_its_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Logcanary")

    monkeypatch.setattr("empi_pipeline.api.persons.page_of_persons", fail)
    with caplog.at_level("INFO"):
        answer = client.get("/api/v1/persons", params={"last_name": "Logcanary"})
    assert answer.status_code == 500
    assert answer.json()["error"]["message"].startswith("Unexpected internal error - id=")
    ours = [record for record in caplog.records if record.name.startswith("empi_pipeline")]
    assert any("RuntimeError" in record.getMessage() for record in ours)
    assert any(record.getMessage().startswith("GET /api/v1/persons 500") for record in ours)
    assert not any("Logcanary" in record.getMessage() or record.exc_info for record in ours)
