"""The server as users start it: `empi api`, one process of its own."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from empi_pipeline.cli.services import free_port
from empi_pipeline.servers import POSTGRES_URL


@contextmanager
def serving(url: str, log: Path) -> Iterator[str]:
    """Serve an index; yields the address.

    Args:
        url: Of the database.
        log: Where the server's log goes.
    """
    port = free_port(0)
    command = [sys.executable, "-m", "empi_pipeline.cli", "api", "--no-batches", "--port", str(port)]
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            command, env={**os.environ, POSTGRES_URL: url}, stdin=subprocess.DEVNULL, stdout=written, stderr=written
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _await(f"{address}/api/v1/health-check", process)
            yield address
        finally:
            process.terminate()
            process.wait()


def _await(health: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(health, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit("the server did not start; its log says why")
