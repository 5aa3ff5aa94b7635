"""Who still uses an embedded server: a lock file that the kernel releases however a process ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def shared_use(lock_file: Path, start: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    """Hold a server in use; the first user starts it, the last one stops it.

    Args:
        lock_file: One a server. Users hold it shared; starting and stopping need it alone.
        start: Must leave a running server alone: after a `kill -9` of its last user one may still run.
        stop: Called when nobody else uses the server.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A second lock makes "start, then share" and "am I the last? then stop" each one step.
    gate = os.open(lock_file.with_suffix(".gate"), os.O_RDWR | os.O_CREAT, 0o600)
    use = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            start()
            fcntl.flock(use, fcntl.LOCK_SH)
        finally:
            fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(gate, fcntl.LOCK_EX)
            try:
                fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # Somebody else still uses it and will stop it.
            else:
                stop()
    finally:
        os.close(use)
        os.close(gate)
