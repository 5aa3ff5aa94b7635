"""What two models would make of the index: both scored, both planned, nothing changed."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import duckdb
import pyarrow as pa

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.from_settings import policy_of, rematch_rules_of
from empi_pipeline.identity.plan import Plan, plan_rematch
from empi_pipeline.linkage import registry
from empi_pipeline.linkage.model_comparison import LevelDifference, level_differences, setting_differences
from empi_pipeline.linkage.registry import Connect
from empi_pipeline.linkage.rescoring import rescore
from empi_pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """A model and the counts of the plan that follows from it (those of `empi rematch --dry-run`)."""

    model_id: int
    name: str
    is_active: bool
    plan: dict[str, int]


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """Two models compared.

    Attributes:
        before: The first one.
        after: The second one.
        records_placed_otherwise: Records that would belong to another person under one than under the other.
        parameters: Levels that differ.
        settings: Prior, thresholds and rules that differ: (of the first, of the second).
    """

    before: PlannedModel
    after: PlannedModel
    records_placed_otherwise: int
    parameters: list[LevelDifference]
    settings: dict[str, tuple[Any, Any]]


def diff_models(
    connect: Connect,
    scratch: duckdb.DuckDBPyConnection,
    settings: Settings,
    before: int | str,
    after: int | str,
    tell: Callable[[str], None],
) -> ModelDiff:
    """Compare two models on the records of the index.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        settings: Guards and the limits of a rematch.
        before: Number or name of the first model.
        after: Of the second.
        tell: Told what is being done.

    Raises:
        NotFoundError: There is no such model.
        ConflictError: Somebody else rescored the index meanwhile.
    """
    with connect() as connection:
        models = [registry.get(connection, each) for each in (before, after)]
    plans = []
    for each in models:
        tell(f"scoring all records with {each.model.name} ({each.model_id})")
        rescore(connect, scratch, each.model_id)
        tell(f"planning what follows from {each.model.name} ({each.model_id})")
        with connect() as connection:
            policy = policy_of(settings, connection, each.model_id)
            plan = plan_rematch(connection, policy=policy, rules=rematch_rules_of(settings))
        if plan.model_id != each.model_id:
            raise ConflictError("somebody else rescored the index meanwhile: compare again")
        plans.append(plan)
    planned = [
        PlannedModel(each.model_id, each.model.name, each.is_active, _counts(plan))
        for each, plan in zip(models, plans, strict=True)
    ]
    return ModelDiff(
        before=planned[0],
        after=planned[1],
        records_placed_otherwise=_placed_otherwise(plans[0].moves, plans[1].moves),
        parameters=level_differences(models[0].model, models[1].model),
        settings=setting_differences(models[0].model, models[1].model),
    )


def _counts(plan: Plan) -> dict[str, int]:
    values = {each.name: getattr(plan, each.name) for each in fields(plan)}
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _placed_otherwise(first: pa.Table, second: pa.Table) -> int:
    """Records that only one plan moves, or that the two move to different persons; a person yet to be made is one."""
    places = [
        dict(zip(moves["record_id"].to_pylist(), moves["new_person_id"].to_pylist(), strict=True))
        for moves in (first, second)
    ]
    stays = "stays"
    return sum(places[0].get(record, stays) != places[1].get(record, stays) for record in {*places[0], *places[1]})
