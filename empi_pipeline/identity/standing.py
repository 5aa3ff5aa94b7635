"""What still stands of the changes that an item (a record's place, a pair's decision) went through. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

Value = TypeVar("Value")

AUTOMATIC = frozenset({"batch", "rematch"})
"""Kinds of changes that follow evidence alone."""


@dataclass(frozen=True, slots=True)
class Step(Generic[Value]):
    """One change of an item.

    Attributes:
        change_id: The change.
        kind: Its kind.
        undoes: The change it takes back, if any.
        before: What the item was before it; None for nothing.
    """

    change_id: int
    kind: str
    undoes: int | None
    before: Value | None


class Fate(Enum):
    """What became of a change of an item."""

    STANDS = "the item is what the change made it"
    BUILT_ON = "later changes altered it again"
    GONE = "it was taken back"


def layers(steps: Sequence[Step[Value]]) -> list[tuple[int, ...]]:
    """After each step, the changes that stand, from the bottom to the top.

    Taking a change back uncovers what was there before it; taking that back puts the change on top again. So a change
    that was taken back and made again stands as if nothing had happened, and can be taken back once more.

    Args:
        steps: All changes of the item, oldest first.

    Returns:
        Change ids.
    """
    after: list[tuple[int, ...]] = []
    number = {step.change_id: place for place, step in enumerate(steps)}
    for place, step in enumerate(steps):
        undone = number.get(step.undoes) if step.undoes is not None else None
        below = after[place - 1] if place else ()
        if undone is None or undone >= place:
            after.append((*below, step.change_id))
        else:
            after.append(after[undone - 1] if undone else ())
    return after


def fate(steps: Sequence[Step[Value]], change_id: int) -> tuple[Fate, list[Step[Value]]]:
    """What became of a change of an item, and the changes that stand upon it.

    Args:
        steps: All changes of the item, oldest first.
        change_id: One of them.
    """
    after = layers(steps)
    place = next(place for place, step in enumerate(steps) if step.change_id == change_id)
    then, now = after[place], after[-1]
    if now[: len(then)] != then:
        return Fate.GONE, []
    upon = set(now[len(then) :])
    return (Fate.BUILT_ON if upon else Fate.STANDS), [step for step in steps if step.change_id in upon]


def only_automatic_since(steps: Sequence[Step[Value]], change_id: int) -> Step[Value] | None:
    """The first step an item took after a change, if evidence alone has moved it since; else None.

    Where an undo moved an item that the change it takes back had not touched, that was evidence as well.
    """
    now = set(layers(steps)[-1])
    later = [step for step in steps if step.change_id in now and step.change_id > change_id]
    if not later or any(step.kind not in AUTOMATIC and step.kind != "undo" for step in later):
        return None
    return later[0]
