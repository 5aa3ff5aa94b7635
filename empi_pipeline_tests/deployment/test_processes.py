"""The processes of compose, started with its own command lines against the embedded servers (about 15 s)."""

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

import pytest
import yaml

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect
from empi_pipeline_tests.deployment.compose import ROOT, own_services

pytestmark = pytest.mark.timeout(180)

BIN = Path(sys.executable).parent


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Deployment:
    """The environment, ports and folders of one start of the three processes."""

    def __init__(self, folder: Path, index_url: str, dagster_url: str) -> None:
        self.folder = folder
        self.ports = {"4000": free_port(), "3000": free_port()}
        shutil.copy(ROOT / "dagster.yaml", folder)
        workspace = yaml.safe_load((ROOT / "deploy" / "workspace.yaml").read_text())
        workspace["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": int(self.ports["4000"])}
        (folder / "workspace.yaml").write_text(yaml.safe_dump(workspace))
        self._values = {
            "EMPI_POSTGRES_URL": index_url,
            "EMPI_DAGSTER_POSTGRES_URL": dagster_url,
            "EMPI_S3_ENDPOINT_URL": "http://127.0.0.1:1",
            "EMPI_CONFIG": str(ROOT / "deploy" / "empi.yaml"),
        }

    def environment(self, service: str) -> dict[str, str]:
        """Just what compose and the image give the service, with the addresses of this start."""
        given = own_services()[service]["environment"]
        return {
            **{name: self._values.get(name, value) for name, value in given.items()},
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DAGSTER_HOME": str(self.folder),
            "EMPI_HOME": str(self.folder),
            "DAGSTER_REDACT_USER_CODE_ERRORS": "1",
        }

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
def deployment(tmp_path: Path, postgres_server: str, database: str) -> Iterator[Deployment]:
    name = f"{database.split('?', maxsplit=1)[0].rsplit('/', 1)[1]}_dagster"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield Deployment(tmp_path, database, database_url(postgres_server, name))
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


def ask(port: str, query: str) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)["data"]
    return found


def test_code_server_webserver_and_daemon_come_up_healthy_and_show_the_assets(deployment: Deployment) -> None:
    subprocess.run(
        deployment.localised(["dagster", "instance", "migrate"]),
        env=deployment.environment("migrate"),
        cwd=deployment.folder,
        check=True,
        capture_output=True,
    )
    with deployment.started("code"):
        deployment.wait_until_healthy("code")
        with deployment.started("webserver"), deployment.started("daemon"):
            deployment.wait_until_healthy("webserver")
            nodes = ask(deployment.ports["3000"], "{ assetNodes { assetKey { path } } }")["assetNodes"]
            assert isinstance(nodes, list)
            keys = {"/".join(node["assetKey"]["path"]) for node in nodes}
            assert {"raw/person_records", "matching/predictions", "identity/persons", "publishing/crosswalk"} <= keys
            deployment.wait_until_healthy("daemon")
