"""What identity goes by, from the settings."""

from dataclasses import replace

from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.plan import RematchRules
from empi_pipeline.identity.policy import ConflictRules, Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.settings import Settings


def policy_of(settings: Settings, connection: Connection, model_id: int | None = None) -> Policy:
    """Untrusted sources and guards; a model without guards has none, whatever the settings say.

    Args:
        settings: The settings.
        connection: An open connection.
        model_id: The model whose guards count, and whose records tell whether to reckon with relatives; the active
            one when None.
    """
    policy = Policy(settings.untrusted_sources())
    if model_id is not None:
        row = connection.execute("select guards, families from matching.model where model_id = %s", [model_id])
        has_guards, families = row.fetchone() or (True, True)
        guards = Guards() if has_guards else NO_GUARDS
        policy = replace(policy, guards=guards, rules=ConflictRules.shipped(families=families))
    if policy.guards_of(connection) == NO_GUARDS:
        return policy
    guards = replace(
        Guards(),
        hard_conflicts=settings.guards.hard_conflicts,
        max_person_size=settings.guards.largest_person,
        weak_bridge_bits=settings.guards.weak_bridge_bits,
    )
    return replace(policy, guards=guards)


def rematch_rules_of(settings: Settings) -> RematchRules:
    """How far a rematch may go."""
    rematch = settings.rematch
    return RematchRules(rematch.may_split, rematch.stay_probability, rematch.most_changed, rematch.most_split)
