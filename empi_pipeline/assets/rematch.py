"""The rematch: the whole index scored again, and the plan that follows from it, applied within its limits."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import dagster as dg

from empi_pipeline import publishing
from empi_pipeline.checks.models import FROZEN_KNOWLEDGE, frozen_knowledge
from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.from_settings import policy_of, rematch_rules_of
from empi_pipeline.identity.plan import Plan, apply_rematch, plan_rematch, rescored_model
from empi_pipeline.linkage import knowledge, registry
from empi_pipeline.linkage.rescoring import rescore
from empi_pipeline.resources import ObjectStoreResource, PostgresResource, ScratchResource, SettingsResource


class RematchConfig(dg.Config):
    """What to do with the plan.

    Attributes:
        model: Number or name of the model to score with; the active one when empty.
        apply: Carry the plan out; else only tell it.
        approved: Somebody looked at the plan: its limits do not count.
        actor: Who does it, for the ledger.
    """

    model: str = ""
    apply: bool = True
    approved: bool = False
    actor: str = "pipeline"


@dg.asset(
    key=["matching", "rescored_predictions"],
    deps=[["matching", "model"]],
    group_name="rematch",
    kinds={"splink", "duckdb"},
    owners=["team:linkage"],
    check_specs=[FROZEN_KNOWLEDGE],
)
def rescored_predictions(
    config: RematchConfig, postgres: PostgresResource, scratch: ScratchResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Every pair of the index as a model scores it now; identity is not touched."""
    with scratch.open() as con:
        registered = rescore(postgres.connect, con, config.model or None)
    with postgres.connect() as connection:
        row = connection.execute("select count(*) from matching.rescored_predictions").fetchone()
        check = knowledge.latest(connection, registered)
    assert row is not None
    assert check is not None
    yield dg.MaterializeResult(
        metadata={"dagster/row_count": row[0], "model": registered.model_id}, check_results=[frozen_knowledge(check)]
    )


@dg.asset(
    key=["identity", "rematch_plan"],
    deps=[["matching", "rescored_predictions"]],
    group_name="rematch",
    kinds={"postgres"},
    owners=["team:identity"],
    pool="identity",
)
def rematch_plan(
    config: RematchConfig,
    postgres: PostgresResource,
    settings: SettingsResource,
    object_store: ObjectStoreResource,
) -> dg.MaterializeResult[None]:
    """What the rescored predictions would change, and, within the limits of the settings, the change itself.

    Persons keep their id where most of their records are. Beyond the limits nothing is changed and the run fails:
    look at the plan (`empi rematch --dry-run`) and approve it (`empi rematch --approve`), or change the limits.
    """
    current = settings.read()
    rules = rematch_rules_of(current)
    with postgres.connect(autocommit=True) as connection:
        active = registry.active(connection)
        if config.apply and active is not None and config.model not in {"", str(active.model_id), active.model.name}:
            raise ConflictError(
                f"only the active model ({active.model_id}) may change persons: look at the plan without applying it,"
                " then `empi config activate`"
            )
        rescored = rescored_model(connection)
        if not config.apply:
            policy = policy_of(current, connection, rescored)
            return dg.MaterializeResult(metadata=_told(plan_rematch(connection, policy=policy, rules=rules)))
        if active is not None and rescored is not None and rescored != active.model_id:
            raise ConflictError(
                f"somebody rescored the index with model {rescored} meanwhile, to look at it: run the rematch again"
            )
        policy = policy_of(current, connection)
        plan = apply_rematch(connection, actor=config.actor, approved=config.approved, policy=policy, rules=rules)
        publishing.publish(connection)
        publishing.export_new_changes(connection, object_store.store())
    return dg.MaterializeResult(metadata=_told(plan))


def _told(plan: Plan) -> dict[str, Any]:
    """The counts of a plan; its tables name persons and records and stay out of Dagster."""
    values = {each.name: getattr(plan, each.name) for each in fields(plan)}
    counts = {name: value for name, value in values.items() if isinstance(value, int)}
    return counts | {"limits_exceeded": "; ".join(plan.exceeded) or "none"}
