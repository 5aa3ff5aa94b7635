"""How two values as delivered differ, marked to the character. Pure; knows nothing of HTML."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
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
        what: `same`, `spelled` (the same once standardised, or but for upper and lower case), `near`, `other`,
            `missing`, `alone` (only this one is there), or `plain` (compared with nothing).
        delivered: What was delivered, where the segments are of the standardised value.
    """

    segments: tuple[Segment, ...]
    what: str
    delivered: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A value as delivered and as standardised."""

    delivered: str | None
    standardised: str | None = None


def plain(value: Value) -> Marked:
    """A value that is compared with nothing."""
    return Marked((Segment(value.delivered),), "plain") if value.delivered else Marked((), "missing")


def marked(value: Value, reference: Value) -> Marked:
    """A value with what differs from another one marked.

    What is delivered in another form, as dates are, is compared in the standardised one: letters of different forms
    that happen to agree say nothing.
    """
    if not value.delivered:
        return Marked((), "missing")
    if not reference.delivered:
        return Marked((Segment(value.delivered),), "alone")
    if value.delivered == reference.delivered:
        return Marked((Segment(value.delivered),), "same")
    known = value.standardised is not None and reference.standardised is not None
    is_same = known and value.standardised == reference.standardised
    if is_same or _folded(value.delivered) == _folded(reference.delivered):
        return Marked((Segment(value.delivered),), "spelled")
    if known and _shape(value.delivered) != _shape(reference.delivered) and _is_mostly_digits(value.delivered):
        return _standardised(value.delivered, value.standardised or "", reference.standardised or "")
    return Marked(*_parts(value.delivered, reference.delivered))


def _standardised(delivered: str, value: str, reference: str) -> Marked:
    segments, what = _parts(value, reference)
    if what == "other":
        return Marked((Segment(delivered, differs=True),), what)
    return Marked(segments, what, None if delivered == value else delivered)


def _parts(value: str, reference: str) -> tuple[tuple[Segment, ...], str]:
    mine, other = _folded(value), _folded(reference)
    whole = (Segment(value, differs=True),)
    if max(len(mine), len(other)) > _LONGEST:
        return whole, "other"
    if len(mine) == len(other) and _shape(mine) == _shape(other) and _is_mostly_digits(mine):
        # Numbers and dates of one form are read place by place: a digit has not moved because another is alike.
        return _place_by_place(value, mine, other)
    matcher = SequenceMatcher(None, other, mine, autojunk=False)
    if matcher.ratio() < _AKIN:
        return whole, "other"
    segments = []
    for what, _, _, start, end in matcher.get_opcodes():
        # Where something of the other value is not here, an empty mark says where.
        segments.append(Segment(value[start:end], differs=what != "equal"))
    return tuple(segments), "near"


def _place_by_place(value: str, mine: str, other: str) -> tuple[tuple[Segment, ...], str]:
    runs = [
        (differs, list(letters)) for differs, letters in groupby(range(len(mine)), lambda at: mine[at] != other[at])
    ]
    segments = tuple(Segment(value[places[0] : places[-1] + 1], differs=differs) for differs, places in runs)
    digits = sum(map(str.isdigit, mine))
    apart = sum(len(places) for differs, places in runs if differs)
    return ((Segment(value, differs=True),), "other") if apart > digits * _AKIN else (segments, "near")


def _folded(text: str) -> str:
    """Lower case, letter for letter: a fold that changes the length would shift the marks."""
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)


def _is_mostly_digits(text: str) -> bool:
    return sum(map(str.isdigit, text)) > len(text) / 2


def _shape(text: str) -> str:
    """Digits and what stands between them: 15/06/1972 -> 00/00/0000."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "0", text))
