"""Clients that send or read too slowly, on real sockets: nobody else waits for them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest
import uvicorn

from empi_pipeline.api import create_app
from empi_pipeline.api.impatience import impatient
from empi_pipeline.settings import ApiSettings, Settings

LIMITS = ApiSettings(body_seconds=0.5, answer_seconds=0.5, exports=2, connections=3)


@dataclass
class Running:
    """A server on a port."""

    port: int
    index: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def send(self, text: str, *, receives: int | None = None) -> socket.socket:
        """A connection that has sent something."""
        client = socket.socket()
        if receives is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        client.connect(("127.0.0.1", self.port))
        client.sendall(text.encode())
        return client


@pytest.fixture
def running(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    config = uvicorn.Config(
        create_app(Settings(api=LIMITS)), port=0, log_config=None, http=impatient(LIMITS.body_seconds),
        timeout_keep_alive=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Running(server.servers[0].sockets[0].getsockname()[1], database)
    server.should_exit = True
    thread.join()


def is_closed(client: socket.socket, seconds: float = 4) -> bool:
    """Whether the server ends a connection, after whatever it says."""
    client.settimeout(seconds)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    finally:
        client.close()
    return True


@pytest.mark.parametrize(
    "begun",
    [
        "",
        "GET /api/v1/health-che",
        "GET /api/v1/health-check HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        # The second head of a connection, after a whole request.
        "GET /api/v1/health-check HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /api/v1/he",
    ],
)
def test_a_head_that_does_not_come_ends_the_connection(running: Running, begun: str) -> None:
    client = running.send(begun)
    assert is_closed(client)


def test_drops_of_a_head_do_not_keep_a_connection(running: Running) -> None:
    client = running.send("GET /api/v1/health-check HTTP/1.1\r\nX-Slow: ")
    begin = time.monotonic()

    def drop() -> bool:
        try:
            client.sendall(b"x")
        except OSError:
            return True
        return False

    assert until(drop, 5)
    assert time.monotonic() - begin < 3
    client.close()


def test_hundreds_of_idle_connections_hold_nobody_up(running: Running) -> None:
    clients = [running.send("POST /api/v1/matches HTTP/1.1\r\n") for _ in range(300)]
    begin = time.monotonic()
    assert httpx.get(f"{running.url}/health-check", timeout=5).status_code == 200
    assert time.monotonic() - begin < 2
    assert all(is_closed(client) for client in clients)


def test_a_connection_between_requests_stays(running: Running) -> None:
    with httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"{running.url}/health-check").status_code == 200
            time.sleep(0.2)


def until(holds: Callable[[], bool], seconds: float = 6) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def test_who_does_not_read_an_export_is_cut_off_and_others_go_on(running: Running) -> None:
    with psycopg.connect(running.index) as connection:
        connection.execute("insert into intake.batches (batch_id) values ('b')")
        connection.execute(
            "insert into intake.arrivals (bucket, object_key, object_version, etag, size_bytes, last_modified)"
            " values ('b', 'k', '1', '1', 1, now())"
        )
        connection.execute(
            "insert into raw.person_records (batch_id, arrival_id, line_number, content_hash, data_source,"
            " source_person_id, address) select 'b', 1, n, sha256(n::text::bytea), 's', n, repeat('x', 2000)"
            " from generate_series(1, 8000) as n"
        )
        connection.execute(
            "insert into identity.persons (person_id, created_change_id, created_at, version, record_count)"
            " values ('00000000-0000-4000-8000-000000000001', 1, now(), 1, 8000)"
        )
        connection.execute(
            "insert into identity.membership (record_id, person_id, change_id)"
            " select record_id, '00000000-0000-4000-8000-000000000001', 1 from raw.person_records"
        )
    asked = (
        "POST /api/v1/person-records/export HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}"
    )

    def copying() -> int:
        with psycopg.connect(running.index, autocommit=True) as connection:
            row = connection.execute("select count(*) from pg_stat_activity where query like 'copy (%'"
                                     " and state = 'active' and datname = current_database()").fetchone()  # fmt: skip
        assert row
        return int(row[0])

    lazy = [running.send(asked, receives=4_096) for _ in range(2)]
    assert until(lambda: copying() == 2)
    # A third export is refused, and everything else has a connection.
    refused = httpx.post(f"{running.url}/person-records/export", json={}, timeout=10)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert httpx.get(f"{running.url}/health-check", timeout=5).status_code == 200
    assert httpx.get(f"{running.url}/data-sources", timeout=5).status_code == 200
    assert until(lambda: copying() == 0)
    for client in lazy:
        client.close()
    with httpx.stream("POST", f"{running.url}/person-records/export", json={}, timeout=20) as answer:
        assert sum(len(piece) for piece in answer.iter_bytes()) > 16_000_000
    # Who leaves in the middle gives the place back, too.
    for _ in range(4):
        with httpx.stream("POST", f"{running.url}/person-records/export", json={}, timeout=20) as answer:
            assert answer.status_code == 200
            next(answer.iter_bytes())
        assert until(lambda: copying() == 0)
