"""What identity goes by, from the settings."""

from dataclasses import replace

from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.plan import RematchRules
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.settings import Settings


def policy_of(settings: Settings, connection: Connection) -> Policy:
    """Untrusted sources and guards; a model without guards has none, whatever the settings say."""
    policy = Policy(settings.untrusted_sources())
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
