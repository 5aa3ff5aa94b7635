"""Making a model the active one: frozen on the index, its blocking keys there for every record, then switched to."""

from collections.abc import Callable
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline import linkage
from empi_pipeline.errors import ConflictError
from empi_pipeline.linkage import key_index, registry
from empi_pipeline.linkage.registry import Connect, RegisteredModel
from empi_pipeline.linkage.term_frequency import plain_frequencies
from empi_pipeline.postgres import Connection, storing_records

_CHUNK_RECORDS: Final = 200_000


def activate(
    connect: Connect,
    scratch: duckdb.DuckDBPyConnection,
    model: int | str,
    hold_identity: Callable[[Connection], object],
) -> RegisteredModel:
    """Let a model score new batches from now on; what is matched already stays until a rematch.

    A model that scored nothing yet learns from the records of the index. The keys of all records
    are made first; only the last few, and the switch, keep identity waiting.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        model: Number or name.
        hold_identity: Waits for the right to write identities, until the end of the transaction.

    Raises:
        NotFoundError: There is no such model.
    """
    with connect() as connection:
        storing_records(connection)
        registered = registry.get(connection, model)
        if registered.frozen_at is None:
            records = key_index.cleaned_of_index(connection)
            freeze_on(connection, scratch, registered, records)
    while _add_keys(connect, scratch, registered) == _CHUNK_RECORDS:
        pass
    with connect() as connection:
        storing_records(connection)
        hold_identity(connection)
        _save_missing_keys(connection, scratch, registered)
        return registry.switch_to(connection, registered.model_id)


def freeze_on(
    connection: Connection, scratch: duckdb.DuckDBPyConnection, registered: RegisteredModel, records: pa.Table
) -> None:
    """Let a model learn from these cleaned records, once; from none it learns later, when it meets some."""
    if records.num_rows:
        learnt = learn(scratch, records, registered)
        registry.freeze(connection, registered.model_id, learnt, records.num_rows)


def learn(scratch: duckdb.DuckDBPyConnection, records: pa.Table, registered: RegisteredModel) -> pa.Table:
    """What a model learns from cleaned records; without guards it believes every value, as plain Splink does."""
    learn_from = linkage.term_frequencies if registered.guards else plain_frequencies
    return learn_from(scratch, records, registered.model)


def refreeze(
    connection: Connection, scratch: duckdb.DuckDBPyConnection, model: int | str | None, created_by: str
) -> RegisteredModel:
    """Make a new model of the same settings that learns anew, from all records of the index. It is not activated.

    Args:
        connection: The caller's transaction.
        scratch: A DuckDB of its own.
        model: Number or name; the active model when None.
        created_by: Who makes it.

    Raises:
        NotFoundError: There is no such model.
        ConflictError: The index has no record to learn from.
    """
    storing_records(connection)
    known = registry.ensure_active(connection) if model is None else registry.get(connection, model)
    records = key_index.cleaned_of_index(connection)
    if not records.num_rows:
        raise ConflictError("the index has no records to learn from; a model learns from the first that come")
    registered = registry.create_again(connection, known.model_id, created_by=created_by)
    freeze_on(connection, scratch, registered, records)
    return registry.get(connection, registered.model_id)


def _add_keys(connect: Connect, scratch: duckdb.DuckDBPyConnection, registered: RegisteredModel) -> int:
    with connect() as connection:
        storing_records(connection)
        return _save_missing_keys(connection, scratch, registered)


def _save_missing_keys(connection: Connection, scratch: duckdb.DuckDBPyConnection, registered: RegisteredModel) -> int:
    names = key_index.key_names(linkage.blocking_lookups(registered.model))
    key_index.ensure_table(connection, registered.model_id, names)
    missing: pa.Table = key_index.records_without_keys(connection, registered.model_id, _CHUNK_RECORDS)
    if missing.num_rows:
        learnt = registry.term_frequencies(connection, registered.model_id)
        seen = linkage.without_shared_values(missing, learnt)
        key_index.save_keys(connection, registered.model_id, linkage.blocking_keys(scratch, seen, registered.model))
    return int(missing.num_rows)
