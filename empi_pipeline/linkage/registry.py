"""Match models in Postgres: created once, never altered, one active; what they learn from data is frozen at once."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.errors import NotFoundError
from empi_pipeline.linkage.model import LEARNT_FACTORS, MatchModel
from empi_pipeline.linkage.shared_values import split
from empi_pipeline.linkage.term_frequency import has_families
from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.sql import load

TERM_FREQUENCY_SCHEMA: Final = pa.schema(
    [("column_name", pa.string()), ("value", pa.string()), ("frequency", pa.float64())]
)

_FEW_RECORDS: Final = 50_000
"""So many records have most of the values there are."""


Connect = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection that commits at the end of the `with` block."""


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A match model as the index knows it.

    Attributes:
        model_id: Its number.
        model: Settings and thresholds.
        guards: Whether the identity guards are on for matches of this model.
        is_active: Whether new batches are scored with it.
        frozen_at: When it learnt what it knows of the data; None until it first scores records.
        created_at: When it was created.
        created_by: Who created it.
        frozen_records: From how many records; None also where an earlier version of the software did not note it.
        refrozen_model_id: The model of the same settings that it was made from, to learn anew.
    """

    model_id: int
    model: MatchModel
    guards: bool
    is_active: bool
    frozen_at: datetime | None
    created_at: datetime
    created_by: str
    frozen_records: int | None = None
    refrozen_model_id: int | None = None


def create_model(connection: Connection, model: MatchModel, *, guards: bool, created_by: str) -> RegisteredModel:
    """Register a model; the same settings, thresholds and guards again are the model that is there already.

    Of several that differ only in what they learnt from the data, it is the newest.
    """
    connection.execute("select pg_advisory_xact_lock(hashtext('empi matching.model'))")
    same = connection.execute(
        "select model_id from matching.model where digest = %s and guards = %s order by model_id desc limit 1",
        [model.digest, guards],
    ).fetchone()
    if same:
        return get(connection, same[0])
    return _insert(connection, model, guards=guards, created_by=created_by, refrozen_model_id=None)


def create_again(connection: Connection, model_id: int, *, created_by: str) -> RegisteredModel:
    """Register a new model with the settings, thresholds and guards of another, which has learnt nothing yet."""
    connection.execute("select pg_advisory_xact_lock(hashtext('empi matching.model'))")
    known = get(connection, model_id)
    return _insert(connection, known.model, guards=known.guards, created_by=created_by, refrozen_model_id=model_id)


def _insert(
    connection: Connection, model: MatchModel, *, guards: bool, created_by: str, refrozen_model_id: int | None
) -> RegisteredModel:
    row = connection.execute(
        load("linkage/create_model"),
        {
            "name": model.name,
            "settings": json.dumps(model.settings),
            "potential_threshold": model.potential_threshold,
            "auto_threshold": model.auto_threshold,
            "term_frequency_prior": model.term_frequency_prior,
            "guards": guards,
            "digest": model.digest,
            "created_by": created_by,
            "refrozen_model_id": refrozen_model_id,
        },
    ).fetchone()
    assert row is not None
    return get(connection, row[0])


def switch_to(connection: Connection, model_id: int) -> RegisteredModel:
    """Make a model the active one; `activation.activate` prepares it first and is what others call."""
    connection.execute("select pg_advisory_xact_lock(hashtext('empi matching.model'))")
    connection.execute("update matching.model set is_active = false where is_active and model_id <> %s", [model_id])
    connection.execute(
        "update matching.model set is_active = true, activated_at = now() where model_id = %s and not is_active",
        [model_id],
    )
    return get(connection, model_id)


def active(connection: Connection) -> RegisteredModel | None:
    """The active model, if there is one yet."""
    return next(iter(_models(connection, only_active=True)), None)


def get(connection: Connection, model: int | str) -> RegisteredModel:
    """A model by number or name (the newest of that name).

    Raises:
        NotFoundError: There is no such model.
    """
    by_number = isinstance(model, int) or model.isdigit()
    found = _models(connection, model_id=int(model)) if by_number else _models(connection, name=str(model))
    if not found:
        raise NotFoundError(f"no match model {model!r}; `empi config show` lists them")
    return found[0]


def all_models(connection: Connection) -> list[RegisteredModel]:
    """Every model, the newest first."""
    return _models(connection)


def ensure_active(connection: Connection) -> RegisteredModel:
    """The active model; the shipped default is created and activated where there is none."""
    found = active(connection)
    if found:
        return found
    from empi_pipeline.linkage import default_model

    return switch_to(connection, create_model(connection, default_model(), guards=True, created_by="empi").model_id)


def freeze(connection: Connection, model_id: int, learnt: pa.Table, records: int) -> None:
    """Store what a model learnt, unless somebody did meanwhile; it never changes after.

    Args:
        connection: The caller's transaction.
        model_id: The model.
        learnt: From `linkage.term_frequencies`.
        records: From how many records.
    """
    row = connection.execute(
        "select frozen_at from matching.model where model_id = %s for update", [model_id]
    ).fetchone()
    if row is None or row[0] is not None:
        return
    frequencies, shared = split(learnt)
    copy_in(connection, "matching.term_frequencies", frequencies, constants={"model_id": model_id})
    copy_in(connection, "matching.shared_values", shared, constants={"model_id": model_id})
    connection.execute(
        "update matching.model set frozen_at = now(), families = %s, frozen_records = %s where model_id = %s",
        [has_families(learnt), records, model_id],
    )


def term_frequencies(connection: Connection, model_id: int) -> pa.Table:
    """What a model has learnt, as `linkage.term_frequencies` tells it: `column_name`, `value`, `frequency`."""
    return copy_out(connection, load("linkage/learnt"), TERM_FREQUENCY_SCHEMA, {"model_id": model_id})


def learnt_about(connection: Connection, registered: RegisteredModel, cleaned: pa.Table) -> pa.Table:
    """Of what a model has learnt, what scoring these records needs; for few records far less than everything.

    Args:
        connection: In a transaction.
        registered: The model.
        cleaned: `record_id` and the cleaned columns.

    Returns:
        As `term_frequencies`, with the frequencies of values that occur, and of each column's rarest value.
    """
    columns = registered.model.term_frequency_columns
    counted = [column for column in columns if column not in LEARNT_FACTORS]
    if cleaned.num_rows > _FEW_RECORDS or not set(counted) <= set(cleaned.column_names):
        return term_frequencies(connection, registered.model_id)
    # A temporary table: values of people do not belong into the text of a statement.
    connection.execute("drop table if exists pg_temp.occurring_values")
    connection.execute("create temporary table occurring_values (column_name text, value text) on commit drop")
    for column in counted:
        values = pc.unique(cleaned[column].cast(pa.string())).drop_null()
        copy_in(connection, "occurring_values", pa.table({"value": values}), constants={"column_name": column})
    connection.execute("analyze occurring_values")
    given = {"model_id": registered.model_id, "columns": columns}
    return copy_out(connection, load("linkage/learnt_about"), TERM_FREQUENCY_SCHEMA, given)


def shared_value_counts(connection: Connection, model_id: int) -> dict[str, int]:
    """How many values of each column a model knows to be shared by many; the values are in `matching.shared_values`."""
    rows = connection.execute(load("linkage/shared_value_counts"), {"model_id": model_id}).fetchall()
    return dict(rows)


def _models(
    connection: Connection, model_id: int | None = None, name: str | None = None, *, only_active: bool = False
) -> list[RegisteredModel]:
    parameters = {"model_id": model_id, "name": name, "only_active": only_active}
    return [_registered(row) for row in connection.execute(load("linkage/models"), parameters).fetchall()]


def _registered(row: tuple[Any, ...]) -> RegisteredModel:
    model_id, name, settings, potential, auto, prior, digest, guards, is_active, *since = row
    model = MatchModel(
        name=name,
        settings=settings,
        potential_threshold=potential,
        auto_threshold=auto,
        term_frequency_prior=prior,
        digest=digest,
    )
    return RegisteredModel(model_id, model, guards, is_active, *since)
