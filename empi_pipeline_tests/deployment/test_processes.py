"""The processes of compose, started with its own command lines and roles against the embedded servers."""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import yaml

from empi_pipeline.embedded.object_store import Endpoint, embedded_object_store
from empi_pipeline.intake.object_store import ObjectStore
from empi_pipeline.postgres import connect
from empi_pipeline.sql import SQL_ROOT
from empi_pipeline_tests.deployment.compose import ROOT, own_services
from empi_pipeline_tests.deployment.conftest import as_role, psql

pytestmark = pytest.mark.timeout(180)

BIN = Path(sys.executable).parent


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Deployment:
    """The environment, ports and folders of one start of the processes."""

    def __init__(self, folder: Path, cluster: str, endpoint: Endpoint) -> None:
        self.folder = folder
        self.ports = {"4000": free_port(), "3000": free_port()}
        self._cluster = cluster
        session = boto3.Session(endpoint.access_key, endpoint.secret_key, region_name="us-east-1")
        self.store = ObjectStore(session.client("s3", endpoint_url=endpoint.url), endpoint.bucket)
        shutil.copy(ROOT / "dagster.yaml", folder)
        workspace = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text())
        workspace["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": int(self.ports["4000"])}
        (folder / "workspace.yaml").write_text(yaml.safe_dump(workspace))
        (folder / "empi.yaml").write_text("automation: {sensor_interval_seconds: 1}\n")
        self._values = {
            "EMPI_S3_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
            "EMPI_CONFIG": str(folder / "empi.yaml"),
        }

    def environment(self, service: str) -> dict[str, str]:
        """Just what compose and the image give the service, with the addresses of this start."""
        given = own_services()[service]["environment"]
        return {
            **{name: self._values.get(name) or self._here(value) for name, value in given.items()},
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DAGSTER_HOME": str(self.folder),
            "EMPI_HOME": str(self.folder),
            "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
        }

    def _here(self, value: str) -> str:
        address = urlsplit(value)
        if address.scheme != "postgresql":
            return value
        assert address.username
        return as_role(self._cluster, address.username, address.path[1:])

    def localised(self, command: list[str]) -> list[str]:
        there = {"0.0.0.0": "127.0.0.1", **self.ports}
        return [str(BIN / command[0]), *(there.get(argument, argument) for argument in command[1:])]

    @contextmanager
    def started(self, service: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(
                self.localised(own_services()[service]["command"]),
                env=self.environment(service),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def wait_until_healthy(self, service: str, seconds: float = 60) -> None:
        test = self.localised(own_services()[service]["healthcheck"]["test"][1:])
        test = [argument.replace(":3000/", f":{self.ports['3000']}/") for argument in test]
        deadline = time.monotonic() + seconds
        while subprocess.run(
            test, env=self.environment(service), cwd=self.folder, capture_output=True, check=False
        ).returncode:
            log = (self.folder / f"{service}.log").read_text()
            assert time.monotonic() < deadline, f"{service} is not healthy:\n{log[-3000:]}"
            time.sleep(1)


@pytest.fixture
def deployment(tmp_path: Path, cluster: str) -> Iterator[Deployment]:
    with embedded_object_store(tmp_path / "s3") as endpoint:
        yield Deployment(tmp_path, cluster, endpoint)


def ask(port: str, query: str) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)["data"]
    return found


def published(cluster: str) -> list[tuple[str, str]]:
    with connect(as_role(cluster, "postgres")) as connection:
        return connection.execute(
            "select data_source, source_person_id from publishing.crosswalk order by 2"
        ).fetchall()


@contextmanager
def everything_started(deployment: Deployment, cluster: str) -> Iterator[None]:
    """In the order of compose: migration, rights, code server, webserver and daemon."""
    subprocess.run(
        own_services()["migrate"]["command"],
        env=deployment.environment("migrate"),
        cwd=deployment.folder,
        check=True,
        capture_output=True,
    )
    psql(as_role(cluster, "empi_owner"), SQL_ROOT / "roles" / "3_privileges.sql")
    with deployment.started("code"):
        deployment.wait_until_healthy("code")
        with deployment.started("webserver"), deployment.started("daemon"):
            deployment.wait_until_healthy("webserver")
            yield


def test_webserver_daemon_and_code_server_are_healthy_and_show_the_assets(deployment: Deployment, cluster: str) -> None:
    with everything_started(deployment, cluster):
        nodes = ask(deployment.ports["3000"], "{ assetNodes { assetKey { path } } }")["assetNodes"]
        assert isinstance(nodes, list)
        keys = {"/".join(node["assetKey"]["path"]) for node in nodes}
        assert {"raw/person_records", "matching/predictions", "identity/persons", "publishing/crosswalk"} <= keys
        deployment.wait_until_healthy("daemon")


@pytest.mark.long
def test_a_delivered_file_is_matched_by_processes_with_no_more_than_their_own_rights(
    deployment: Deployment, cluster: str
) -> None:
    with everything_started(deployment, cluster):
        rows = b"data_source,source_person_id,first_name\nsite,1,Ann\nsite,2,Bob\n"
        deployment.store.put("inbox/a.csv", io.BytesIO(rows))
        deadline = time.monotonic() + 90
        while not (crosswalk := published(cluster)):
            logs = "".join((deployment.folder / f"{name}.log").read_text() for name in ("code", "daemon"))
            assert time.monotonic() < deadline, logs[-5000:]
            time.sleep(0.5)
        assert crosswalk == [("site", "1"), ("site", "2")]
