"""How two values as delivered differ, marked to the character. Pure; knows nothing of HTML."""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

_AKIN: Final = 0.5
"""Values less alike than this (Ratcliff & Obershelp 1988) are told as other, not letter by letter."""
_LONGEST: Final = 200
"""Of longer values only whether they are the same is told: comparing letter by letter costs the square."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a value; `differs` where the value it is compared with has something else there."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A value beside the one it is compared with.

    Attributes:
        segments: The value in parts; none where it is missing.
        what: `same`, `spelled` (only upper and lower case differ), `near`, `other`, `missing`, `alone` (only this one
            is there), or `plain` (compared with nothing).
    """

    segments: tuple[Segment, ...]
    what: str


def plain(value: str | None) -> Marked:
    """A value that is compared with nothing."""
    return Marked((Segment(value),), "plain") if value else Marked((), "missing")


def marked(value: str | None, reference: str | None) -> Marked:
    """A value with what differs from another one marked.

    Args:
        value: As delivered.
        reference: What it is compared with.
    """
    if not value:
        return Marked((), "missing")
    if not reference:
        return Marked((Segment(value),), "alone")
    if value == reference:
        return Marked((Segment(value),), "same")
    mine, other = _folded(value), _folded(reference)
    if mine == other:
        return Marked((Segment(value),), "spelled")
    if max(len(mine), len(other)) > _LONGEST:
        return Marked((Segment(value, differs=True),), "other")
    matcher = SequenceMatcher(None, other, mine, autojunk=False)
    if matcher.ratio() < _AKIN:
        return Marked((Segment(value, differs=True),), "other")
    segments = []
    for what, _, _, start, end in matcher.get_opcodes():
        if end > start:
            segments.append(Segment(value[start:end], differs=what != "equal"))
        elif what == "delete":
            # Something of the other value is not here; the mark says where.
            segments.append(Segment("", differs=True))
    return Marked(tuple(segments), "near")


def _folded(text: str) -> str:
    """Lower case, letter for letter: a fold that changes the length would shift the marks."""
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
