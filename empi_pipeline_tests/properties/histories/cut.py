"""A connection whose client dies at its n-th statement: the server sees what it sees after kill -9."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


class Killed(BaseException):
    """What a killed process would not live to see; no `except Exception` may catch it."""


class _Cursor(psycopg.Cursor):
    connection: "CutConnection"

    def execute(self, *arguments: Any, **options: Any) -> Any:
        self.connection.count()
        return super().execute(*arguments, **options)

    def copy(self, *arguments: Any, **options: Any) -> Any:
        self.connection.count()
        return super().copy(*arguments, **options)


class CutConnection(psycopg.Connection):
    """Counts statements, `begin` and `commit` among them; dies before the fatal one, or just after a commit."""

    left = 0
    end: "Callable[[CutConnection], None]"

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.end(self)

    def _exec_command(self, command: Any, *arguments: Any, **options: Any) -> Any:
        if not self.closed:
            self.count()
        result = yield from super()._exec_command(command, *arguments, **options)
        if command == b"COMMIT":
            self.count()
        return result


def hang_up(connection: CutConnection) -> None:
    """No farewell: the server finds the line dead."""
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
    connection.pgconn.finish()
    raise Killed


def take_the_process_along(_connection: CutConnection) -> None:
    """As kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def dying(url: str, fatal_statement: int, end: Callable[[CutConnection], None] = hang_up) -> Iterator[CutConnection]:
    """A connection that something happens to at its n-th statement, if there are so many."""
    with CutConnection.connect(url, cursor_factory=_Cursor) as connection:
        connection.left, connection.end = fatal_statement, end
        yield connection
