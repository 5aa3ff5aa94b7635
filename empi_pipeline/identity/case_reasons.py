"""What the reasons of review cases and of their pairs say, in words for a steward."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from empi_pipeline.identity.decision_queries import DecisionInForce

GUARD_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "suffix": "The name suffixes name different generations, such as senior and junior.",
        "given_name": "The given names clearly differ: no nickname, typo, initial or swap explains it.",
        "birth_date": "The birth dates clearly differ: more than a typo, a wrong part or a swapped day and month.",
        "ssn": "The Social Security numbers differ by more than a typo, and something else differs too.",
        "sex": "The sexes differ, and the given names or the birth dates do too.",
    }
)
"""Reason codes of `guards.find_conflicts` and what they tell a steward. The first that applies is given."""

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "potential_match": "Likely one human, but not likely enough to be joined without a steward.",
        "reported_same": "Somebody who compared the two records says: one human. Nobody decided yet.",
        "reported_different": "Somebody who compared the two records says: two humans. Nobody decided yet.",
        "cannot_link": "The evidence says one human; a steward has decided that they are different humans.",
        "person_size": "Joined, they would gather more source identities than one person may have.",
        "weak_bridge": "One weak link alone would connect two groups that each hold together strongly.",
        "no_evidence": "They are in one person, but no evidence connects them any more.",
        "guard": "The evidence says one human, yet they cannot be one:",
        "versions_conflict": "Two versions of one source id look like different humans:",
    }
)


def in_words(reason: str | None) -> str | None:
    """A reason as a sentence; codes nobody knows (of one's own conflict rules) as they are.

    Args:
        reason: As stored: a code, or a code and what it found, such as `guard:given_name`.
    """
    if reason is None:
        return None
    code, _, found = reason.partition(":")
    told = _REASONS.get(code)
    if told is None:
        return reason
    return f"{told} {GUARD_REASONS.get(found, found)}" if found else told


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of joining the records of a pair, or of joining them anew where one person has them.

    Attributes:
        reason: Code: `guard:<reason>`, `cannot_link`, `person_size` or `weak_bridge`.
        record_ids: The two records that must not come together, the lower first; none where it is not about two.
        person_ids: The persons that have them.
        decision: Who decided that, if somebody did.
        source_identities: How many a person would gather, where that is too many.
    """

    reason: str
    record_ids: tuple[int, ...] = ()
    person_ids: tuple[str, ...] = ()
    decision: DecisionInForce | None = None
    source_identities: int | None = None


def obstacle_in_words(obstacle: Obstacle, kind: str, pair: tuple[int, int], person_ids: Collection[str]) -> str:
    """An obstacle as a sentence.

    Args:
        obstacle: What stands in the way.
        kind: Kind of the review case.
        pair: The records asked about.
        person_ids: Persons of the case; of a record elsewhere it is said whose it is.
    """
    overlay = kind == "overlay"
    if obstacle.reason == "person_size":
        would = "By the evidence alone they would not be in one person: it" if overlay else "Joined, they"
        return f"{would} would gather {obstacle.source_identities:,} source identities, more than one person may have."
    if not obstacle.record_ids:
        return "They are in one person, but only one weak link connects the groups of records they belong to."
    decision = obstacle.decision
    _, _, found = obstacle.reason.partition(":")
    if set(obstacle.record_ids) == set(pair):
        start = "They are in one person, yet" if overlay else "The evidence says one human, yet"
        why = f"they cannot be one: {GUARD_REASONS.get(found, found)}"
        return f"{start} {why if decision is None else f'{_decided(decision)} that they are different humans.'}"
    one, other = (
        f"{record}" if person in person_ids else f"{record} (of person {person})"
        for record, person in zip(obstacle.record_ids, obstacle.person_ids, strict=True)
    )
    start = (
        "They are in one person, but by the evidence alone they would not be: it"
        if overlay
        else "The evidence says one human, but joining them"
    )
    why = f"which cannot be one: {GUARD_REASONS.get(found, found)}"
    if decision is not None:
        why = f"and {_decided(decision)} that those are different humans."
    return f"{start} would bring records {one} and {other} together, {why}"


def _decided(decision: DecisionInForce) -> str:
    at = decision.decided_at.astimezone()
    return f"{decision.actor} decided on {at:%Y-%m-%d %H:%M} (change {decision.change_id})"
