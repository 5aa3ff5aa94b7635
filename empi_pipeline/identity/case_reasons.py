"""What the reasons of review cases and of their pairs say, in words for a steward."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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
