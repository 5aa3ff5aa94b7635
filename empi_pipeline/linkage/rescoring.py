"""Scoring the whole index again with one model: what a rematch plan is made of."""

import duckdb
from psycopg import IsolationLevel

from empi_pipeline import linkage
from empi_pipeline.linkage import activation, key_index, knowledge, registry
from empi_pipeline.linkage.index_scoring import newest_change
from empi_pipeline.linkage.registry import Connect, RegisteredModel
from empi_pipeline.postgres import copy_in, refresh_statistics, storing_records
from empi_pipeline.sql import load


def rescore(connect: Connect, scratch: duckdb.DuckDBPyConnection, model: int | str | None = None) -> RegisteredModel:
    """Score every record of the index against every other, into `matching.rescored_predictions`.

    Having read them all, it also looks whether what the model learnt when it was frozen still fits (`knowledge`).

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        model: Number or name; the active model when None.

    Returns:
        The model that scored.

    Raises:
        NotFoundError: There is no such model.
    """
    with connect() as connection:
        registered = registry.ensure_active(connection) if model is None else registry.get(connection, model)
    with connect() as connection:
        # One snapshot: the records are exactly those of the changes up to `seen`.
        connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        seen = newest_change(connection)
        records = key_index.cleaned_of_index(connection)
    with connect() as connection:
        if registered.frozen_at is None:
            storing_records(connection)
            activation.freeze_on(connection, scratch, registered, key_index.cleaned_of_index(connection))
            registered = registry.get(connection, registered.model_id)
        frequencies = registry.term_frequencies(connection, registered.model_id)
    check = knowledge.compare(registered, frequencies, activation.learn(scratch, records, registered), records.num_rows)
    predictions = linkage.predict_all(scratch, registered.model, frequencies, records)
    with connect() as connection:
        knowledge.note(connection, check)
        storing_records(connection)
        connection.execute(load("identity/rescored_clear"))
        copy_in(
            connection,
            "matching.rescored_predictions",
            predictions.select(linkage.PREDICTION_SCHEMA.names),
            constants={"model_id": registered.model_id},
        )
        connection.execute(load("linkage/forget_erased_rescored"), {"seen_change_id": seen})
        connection.execute(
            "insert into matching.rescorings (model_id, seen_change_id) values (%s, %s)", [registered.model_id, seen]
        )
    with connect() as connection:
        refresh_statistics(connection, predictions.num_rows, "matching.rescored_predictions")
    return registered
