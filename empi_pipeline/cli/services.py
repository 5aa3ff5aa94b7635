"""Processes that `empi up` keeps: started in groups of their own, watched, and ended with all their children."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from empi_pipeline.errors import ConfigurationError, ConflictError, EmpiError
from empi_pipeline.settings import home

_READY_WITHIN_SECONDS: Final = 180
_STOP_WITHIN_SECONDS: Final = 30
_LOOK_EVERY_SECONDS: Final = 0.5
_LOCATIONS: Final = (
    "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
)


@dataclass(frozen=True, slots=True)
class Service:
    """One process and where it logs."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


class Services:
    """The running services."""

    def __init__(self, started: Sequence[Service], url: str, api_url: str) -> None:
        self._started = started
        self._url = url
        self._api_url = api_url

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Until the webserver and the API answer, or somebody wants to stop.

        Raises:
            EmpiError: A service ended, or did not answer in time.
        """
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        waiting = {"webserver": f"{self._url}/server_info", "api": f"{self._api_url}/api/v1/health-check"}
        while waiting and not stop.is_set():
            self.refuse_if_ended()
            name, address = next(iter(waiting.items()))
            with suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  Our own.
                del waiting[name]
                continue
            if time.monotonic() > deadline:
                log = next(service.log for service in self._started if service.name == name)
                raise EmpiError(f"the {name} does not answer; its log is {log}")
            stop.wait(_LOOK_EVERY_SECONDS)
        if not stop.is_set() and self._failed_to_load():
            raise EmpiError(f"Dagster cannot load the pipeline; the log that says why is {self._started[0].log}")

    def _failed_to_load(self) -> bool:
        """Whether the webserver runs with nothing to show: the daemon would wait for sensors that never come."""
        question = json.dumps({"query": _LOCATIONS}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/graphql", question, headers)  # noqa: S310  Our own.
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            entries = json.load(response)["data"]["workspaceOrError"].get("locationEntries", [])
        return not entries or any(
            (entry["locationOrLoadError"] or {}).get("__typename") != "RepositoryLocation" for entry in entries
        )

    def refuse_if_ended(self) -> None:
        """Raise when a service is no longer there.

        Raises:
            EmpiError: Naming it and its log.
        """
        for service in self._started:
            if service.process.poll() is not None:
                raise EmpiError(f"{service.name} ended (exit {service.process.returncode}); its log is {service.log}")


@contextmanager
def alone() -> Iterator[None]:
    """One `empi up` a home: a second daemon would run every sensor twice.

    Raises:
        ConflictError: One runs.
    """
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(home() / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ConflictError(f"`empi up` already runs on {home()}") from None
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set.

    Installing handlers also gives children the default action for these signals: a job started with `&` in a script
    inherits "ignore SIGINT", and Dagster would take that over for SIGTERM.
    """
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def free_port(wanted: int) -> int:
    """The port, if it is free; any free one for 0.

    Raises:
        ConfigurationError: It is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise ConfigurationError(f"port {wanted} is in use: choose another with --port") from None
        return int(probe.getsockname()[1])


@contextmanager
def dagster_services(port: int, api_port: int, *, read_only: bool) -> Iterator[Services]:
    """Dagster's webserver on loopback, its daemon, and the API on loopback; ended with the `with` block."""
    from empi_pipeline.addresses import DAGSTER_URL, PAGE_URL
    from empi_pipeline.automation.local import prepare_dagster_home, prepare_dagster_storage, project_file

    prepare_dagster_home()
    prepare_dagster_storage()  # Before two processes would both make its tables.
    # Explicit: a [tool.dagster] section of some pyproject.toml would win silently otherwise.
    workspace = ["-w", str(project_file("workspace.yaml"))]
    webserver = ["-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "--db-pool-max-overflow", "5"]
    commands = {
        "webserver": [*webserver, *workspace, *(["--read-only"] if read_only else [])],
        "daemon": ["-m", "dagster._daemon", "run", *workspace],
        "api": ["-m", "empi_pipeline.cli", "api", "--no-batches", "--port", str(api_port)],
    }
    url, api_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{api_port}"
    # Each links to the other, by the name of a proxy in front if the environment tells one.
    environment = {PAGE_URL: api_url, DAGSTER_URL: url, **os.environ}
    logs = home() / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    started: list[Service] = []
    try:
        for name, arguments in commands.items():
            started.append(_start(name, arguments, environment, logs / f"{name}.log"))
        yield Services(started, url, api_url)
    finally:
        _stop(started)


def keep_running(services: Services, stop: threading.Event) -> None:
    """Wait until somebody wants to stop.

    Raises:
        EmpiError: A service ended by itself.
    """
    while not stop.wait(_LOOK_EVERY_SECONDS):
        services.refuse_if_ended()


def _start(name: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Service:
    log.touch(mode=0o600)
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            # A group of its own: Ctrl-C reaches this process alone, and its code servers end with it.
            start_new_session=True,
        )
    return Service(name, process, log)


def _stop(started: Sequence[Service]) -> None:
    for service in started:
        _signal(service, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_WITHIN_SECONDS
    for service in started:
        with suppress(subprocess.TimeoutExpired):
            service.process.wait(max(0.1, deadline - time.monotonic()))
        while _group_lives(service) and time.monotonic() < deadline:
            time.sleep(0.1)
        _signal(service, signal.SIGKILL)  # Whatever of its group is left.
        service.process.wait()


def _signal(service: Service, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(service.process.pid, number)


def _group_lives(service: Service) -> bool:
    try:
        os.killpg(service.process.pid, 0)
    except ProcessLookupError:
        return False
    return True
