"""A pool of connections for servers, with the same promise as `connect`: errors come without field values."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg_pool

from empi_pipeline.postgres.connections import Connection, DatabaseError, values_withheld


class Pool:
    """Connections that are kept open between requests.

    A connection is handed out outside a transaction; what was done with it is committed at the end of the `with` block
    or, if that raises, rolled back.
    """

    def __init__(self, url: str, *, size: int, name: str, wait_seconds: float = 10.0) -> None:
        """Prepare the pool; nothing is connected before `open`.

        Args:
            url: A libpq URL.
            size: Most connections.
            name: Shown as `application_name` in `pg_stat_activity`.
            wait_seconds: How long a caller waits for a free connection.
        """
        self._pool: psycopg_pool.ConnectionPool[Connection] = psycopg_pool.ConnectionPool(
            url,
            kwargs={"application_name": name},
            min_size=1,
            max_size=size,
            timeout=wait_seconds,
            open=False,
            # A server that was restarted leaves dead connections behind: found out before a request meets one.
            check=psycopg_pool.ConnectionPool.check_connection,
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of the pool.

        Raises:
            DatabaseError: None was free or could be made in time, or Postgres refused or lost a statement.
        """
        try:
            with values_withheld(), self._pool.connection() as connection:
                yield connection
        except psycopg_pool.PoolTimeout:
            raise DatabaseError("Postgres: no connection within the time set; it is down or overloaded") from None

    def open(self) -> None:
        """Begin to connect, in the background."""
        self._pool.open()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
