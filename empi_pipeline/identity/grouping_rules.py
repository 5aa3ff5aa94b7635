"""What persons were grouped by, noted with each change, so that other rules are told apart from a wrong index."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from psycopg.types.json import Jsonb

from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "version": "version of the guards",
        "hard_conflicts": "hard conflicts forbid a join",
        "version_conflict_aspects": "conflicts that take two versions apart",
        "max_person_size": "most source identities of a person",
        "weak_bridge_bits": "bits below which a bridge is weak",
        "weak_bridge_side": "source identities on each side of a weak bridge",
        "families": "relatives are reckoned with",
        "model_id": "match model whose shared values count as missing",
        "untrusted_sources": "sources whose ids are not trusted",
    }
)


def note_rules(connection: Connection, change_id: int, rules: Mapping[str, Any]) -> None:
    """Note what a change goes by; writes nothing where that is what the change before it went by."""
    connection.execute(load("identity/grouping_rules_note"), {"change_id": change_id, "rules": Jsonb(dict(rules))})


def changed_rules(connection: Connection, policy: Policy) -> list[str]:
    """What persons were grouped by that is another now, in words; empty where all is as it was.

    A rematch groups everything anew, so what was before the latest one does not count.

    Args:
        connection: An open connection.
        policy: What identity goes by now.
    """
    now = policy.described(connection)
    noted: list[dict[str, Any]] = [row[0] for row in connection.execute(load("identity/grouping_rules_since"))]
    told = []
    if {} in noted:
        told.append("an earlier version of the software did not note what it went by")
    for name, value in now.items():
        others = list(dict.fromkeys(_told(each.get(name)) for each in noted if each and each.get(name) != value))
        if others:
            told.append(f"{_NAMES.get(name, name)}: {', then '.join(others)}; now {_told(value)}")
    return told


def _told(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " + ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
