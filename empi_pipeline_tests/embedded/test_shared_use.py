import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from empi_pipeline.embedded.object_store import embedded_object_store
from empi_pipeline.embedded.postgres import embedded_postgres
from empi_pipeline.embedded.shared_use import shared_use
from empi_pipeline.postgres import connect

_HOLD = """
import sys, time
from pathlib import Path
from empi_pipeline.embedded.postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(60)
"""


def test_the_first_user_starts_and_the_last_one_stops(tmp_path: Path) -> None:
    told: list[str] = []
    with shared_use(tmp_path / "lock", lambda: told.append("start"), lambda: told.append("stop")):
        with shared_use(tmp_path / "lock", lambda: told.append("start"), lambda: told.append("stop")):
            pass
        assert told == ["start", "start"]
    assert told == ["start", "start", "stop"]


def test_postgres_keeps_its_data_and_survives_the_kill_of_another_user(tmp_path: Path) -> None:
    home = tmp_path / "postgres"
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(home)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    other_url = other.stdout.readline().strip()
    with embedded_postgres(home) as url:
        assert url == other_url
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        with connect(url) as connection:
            connection.execute("create table kept as select 1 as one")
    with embedded_postgres(home) as url, connect(url) as connection:
        assert connection.execute("select one from kept").fetchall() == [(1,)]


def test_no_server_is_left_behind(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "postgres"), embedded_object_store(tmp_path / "s3"):
        assert _processes_of(tmp_path)
    deadline = time.monotonic() + 10
    while _processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _processes_of(tmp_path) == []


def test_delivered_objects_and_the_address_survive_the_server(tmp_path: Path) -> None:
    with embedded_object_store(tmp_path) as endpoint:
        first = endpoint
        _client(endpoint).put_object(Bucket=endpoint.bucket, Key="inbox/a b/é.csv", Body=b"x")
    with embedded_object_store(tmp_path) as endpoint:
        assert endpoint == first
        body = _client(endpoint).get_object(Bucket=endpoint.bucket, Key="inbox/a b/é.csv")["Body"].read()
    assert body == b"x"


def test_the_object_store_refuses_strangers(tmp_path: Path) -> None:
    with embedded_object_store(tmp_path) as endpoint:
        stranger = boto3.client(
            "s3", endpoint_url=endpoint.url, aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1"
        )
        with pytest.raises(ClientError) as caught:
            stranger.list_objects_v2(Bucket=endpoint.bucket)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _client(endpoint):  # type: ignore[no-untyped-def]
    return boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key,
        region_name="us-east-1",
    )


def _processes_of(folder: Path) -> list[str]:
    return [
        name
        for process in psutil.process_iter(["cmdline", "name"])
        if any(str(folder) in part for part in process.info["cmdline"] or [])
        and (name := process.info["name"]) in {"postgres", "rclone"}
    ]


def test_the_object_store_lists_a_dropped_file_soon_and_rests_when_nobody_asks(tmp_path: Path) -> None:
    with embedded_object_store(tmp_path) as endpoint:
        client = _client(endpoint)
        client.put_object(Bucket=endpoint.bucket, Key="inbox/a.csv", Body=b"x")
        client.list_objects_v2(Bucket=endpoint.bucket)
        server = psutil.Process(int((tmp_path / "server.pid").read_text().split()[0]))
        (tmp_path / "data" / endpoint.bucket / "inbox" / "dropped.csv").write_bytes(b"y")
        before = sum(server.cpu_times()[:2])
        time.sleep(1)
        used = sum(server.cpu_times()[:2]) - before
        assert client.list_objects_v2(Bucket=endpoint.bucket)["KeyCount"] == 2
    assert used < 0.2, "seconds of processor time in an idle second"
