"""The index as commands see it: servers up, schema current, one connection."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.postgres import Connection, connect, migrate
from empi_pipeline.postgres.migrations import pending
from empi_pipeline.servers import Servers, servers


@contextmanager
def open_index() -> Iterator[Connection]:
    """A connection to the index; commits at the end of the `with` block.

    Raises:
        ConfigurationError: The database of one's own lacks migrations.
        EmpiError: A server cannot be reached.
    """
    with servers() as used, connect(used.postgres_url) as connection:
        require_current_schema(connection, used)
        yield connection


@contextmanager
def open_servers() -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """For what needs more than one transaction: a function that opens connections to the index.

    Raises:
        ConfigurationError: The database of one's own lacks migrations.
        EmpiError: A server cannot be reached.
    """
    with servers() as used:
        with connect(used.postgres_url) as connection:
            require_current_schema(connection, used)
        yield partial(connect, used.postgres_url)


def require_current_schema(connection: Connection, used: Servers) -> None:
    """The embedded database is upgraded in passing; one's own only by `empi db upgrade`, as its owner.

    Raises:
        ConfigurationError: The database of one's own lacks migrations.
    """
    missing = pending(connection)
    if not missing:
        return
    if "postgres" not in used.embedded:
        raise ConfigurationError(
            f"the database lacks {len(missing)} migration(s), first {missing[0].version:04d}_{missing[0].name}:"
            " run `empi db upgrade` as the role that owns the schemas"
        )
    migrate(connection)
    connection.commit()
