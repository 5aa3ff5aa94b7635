"""The lock between those who store what repeats records and those who erase records.

Whoever stores shares it until the end of its transaction, so that nothing is stored of a record that is erased at the
same moment; whoever erases holds it alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from empi_pipeline.errors import ConflictError
from empi_pipeline.postgres.connections import Connection

_ERASURE_LOCK: Final = 0x4552_4153_5552_4521
"""Key of the advisory lock ("ERASURE!")."""


def storing_records(connection: Connection) -> None:
    """Until the end of this transaction no record is erased; waits for an erasure that is under way."""
    connection.execute("select pg_advisory_xact_lock_shared(%s)", [_ERASURE_LOCK])


def erasing_records(connection: Connection, *, patience_seconds: float) -> None:
    """Until the end of this transaction nobody stores records or what repeats them.

    Args:
        connection: In a transaction. Take this lock before the one on identity, as all others do.
        patience_seconds: How long to wait for those who are storing; an object is stored in one transaction.

    Raises:
        ConflictError: They did not finish in time; nothing was written.
    """
    with patience(connection, patience_seconds, "a batch is being stored"):
        connection.execute("select pg_advisory_xact_lock(%s)", [_ERASURE_LOCK])


@contextmanager
def patience(connection: Connection, seconds: float, otherwise: str) -> Iterator[None]:
    """Wait for locks within at most so long each.

    Raises:
        ConflictError: Others held one for longer; `otherwise` says what they do.
    """
    connection.execute("select set_config('lock_timeout', %s, true)", [f"{round(seconds * 1000)}ms"])
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise ConflictError(f"{otherwise}, for more than {seconds:g} s now; nothing was erased, try again") from None
    connection.execute("select set_config('lock_timeout', '0', true)")
