"""Scoring a batch against the index: what is read from Postgres, handed to Splink, and stored again."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import IsolationLevel

from empi_pipeline import linkage
from empi_pipeline.linkage import PREDICTION_SCHEMA, key_index, registry
from empi_pipeline.linkage.activation import freeze_on
from empi_pipeline.linkage.registry import Connect, RegisteredModel
from empi_pipeline.postgres import Connection, copy_in, storing_records
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """A batch as scored.

    Attributes:
        batch_id: The batch.
        registered: The match model that scored it.
        predictions: Pairs above the potential threshold (`PREDICTION_SCHEMA`); further columns are stored as they are.
        keys: Blocking keys of the batch's records.
        candidate_count: Records of the index that were compared with it.
        seen_change_id: The newest identity change of the index it was compared with.
        block_sizes: What each blocking rule made of the batch's own records.
    """

    batch_id: str
    registered: RegisteredModel
    predictions: pa.Table
    keys: pa.Table
    candidate_count: int
    seen_change_id: int
    block_sizes: Sequence[linkage.BlockSizes]

    @property
    def auto_matches(self) -> int:
        """Pairs above the auto threshold."""
        above = pc.greater(self.predictions["match_probability"], self.registered.model.auto_threshold)
        return int(pc.sum(above).as_py() or 0)


def score(connect: Connect, scratch: duckdb.DuckDBPyConnection, batch_id: str, cleaned: pa.Table) -> ScoredBatch:
    """Score a batch against itself and against every record of the index that shares a blocking key.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        batch_id: The batch.
        cleaned: Its cleaned records.

    Raises:
        HugeBlockError: A blocking rule makes more pairs than could ever be scored.
        ScoringError: The engine failed.
    """
    with connect() as connection:
        storing_records(connection)  # What is learnt from the records is stored.
        if erased_since_attempt(connection, batch_id):
            cleaned = _without_erased(connection, cleaned)
        registered = _frozen_model(connection, scratch, cleaned)
        learnt = registry.learnt_about(connection, registered, cleaned)
    model = registered.model
    with linkage.preparing(scratch, model, learnt, cleaned) as new:
        keys = new.blocking_keys()
        sizes = linkage.block_sizes(scratch, keys, model)
        linkage.refuse_huge_blocks(sizes)
        with connect() as connection:
            # One snapshot: the candidates are exactly the records of the changes up to `seen`.
            connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            seen = newest_change(connection)
            candidates = key_index.candidates(connection, registered.model_id, keys, linkage.blocking_lookups(model))
            learnt = registry.learnt_about(connection, registered, candidates)
        predictions = linkage.predict_prepared(new, cleaned, candidates, learnt)
    return ScoredBatch(
        batch_id, registered, predictions.select(PREDICTION_SCHEMA.names), keys, candidates.num_rows, seen, sizes
    )


def store(connection: Connection, scored: ScoredBatch) -> None:
    """Store a scored batch in the caller's transaction, replacing an earlier attempt.

    Predictions, blocking keys and what the batch was compared with go together: identity relies on all three. Nothing
    is stored of records that were erased meanwhile.
    """
    storing_records(connection)
    connection.execute("delete from matching.predictions where batch_id = %s", [scored.batch_id])
    copy_in(
        connection,
        "matching.predictions",
        scored.predictions,
        constants={"batch_id": scored.batch_id, "model_id": scored.registered.model_id},
    )
    model_id = scored.registered.model_id
    names = [name for name in scored.keys.column_names if name != "record_id"]
    key_index.ensure_table(connection, model_id, names)
    key_index.forget_keys(connection, model_id, scored.batch_id)
    key_index.save_keys(connection, model_id, scored.keys)
    if erased_since_attempt(connection, scored.batch_id):
        connection.execute(load("linkage/forget_erased_predictions"), {"batch_id": scored.batch_id})
        key_index.forget_erased(connection, model_id, scored.keys["record_id"])
    connection.execute(
        """
        insert into matching.scored_batches (batch_id, model_id, seen_change_id, auto_matches)
        values (%s, %s, %s, %s)
        on conflict (batch_id) do update
        set model_id = excluded.model_id,
            seen_change_id = excluded.seen_change_id,
            auto_matches = excluded.auto_matches,
            scored_at = now()
        """,
        [scored.batch_id, model_id, scored.seen_change_id, scored.auto_matches],
    )


def erased_since_attempt(connection: Connection, batch_id: str) -> bool:
    """Whether records were erased since the latest attempt at a batch began, so that it may hold some of them still."""
    return connection.execute(load("linkage/erased_since_attempt"), {"batch_id": batch_id}).fetchone() == (True,)


def is_applied(connection: Connection, batch_id: str) -> bool:
    """Whether identity has taken this batch in: from then on its predictions stay as they are."""
    query = "select exists (select from identity.changes where kind = 'batch' and batch_id = %s)"
    return connection.execute(query, [batch_id]).fetchone() == (True,)


def _without_erased(connection: Connection, cleaned: pa.Table) -> pa.Table:
    rows = connection.execute(
        load("linkage/erased_records"), {"record_ids": cleaned["record_id"].to_pylist()}
    ).fetchall()
    erased = pa.array([record for (record,) in rows], pa.int64())
    return cleaned.filter(pc.invert(pc.is_in(cleaned["record_id"], value_set=erased)))


def _frozen_model(connection: Connection, scratch: duckdb.DuckDBPyConnection, cleaned: pa.Table) -> RegisteredModel:
    registered = registry.ensure_active(connection)
    if registered.frozen_at is None:
        # Whatever scoring learns from the data is learnt once: the order of later batches must not matter.
        freeze_on(connection, scratch, registered, cleaned)
    return registered


def newest_change(connection: Connection) -> int:
    """The newest identity change in this snapshot; 0 before the first."""
    row = connection.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone()
    assert row is not None
    return int(row[0])
