"""Decisions that cannot all hold: must-links put two records together that a cannot-link keeps apart. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import connected
from empi_pipeline.identity.errors import Statement

MUST_LINK: Final = "must_link"


def clashes(decisions: Sequence[Statement]) -> list[Statement]:
    """The cannot-links between records that must-links put together, by way of however many others."""
    records = np.unique(np.array([record for each in decisions for record in (each.left, each.right)], np.int64))
    pairs = np.array([(each.left, each.right) for each in decisions], np.int64).reshape(-1, 2)
    must = np.array([each.kind == MUST_LINK for each in decisions], bool)
    left, right = np.searchsorted(records, pairs[:, 0]), np.searchsorted(records, pairs[:, 1])
    label = connected(len(records), left[must], right[must])
    clash = ~must & (label[left] == label[right]) if len(records) else must
    return [decisions[place] for place in np.flatnonzero(clash).tolist()]


def path_of(cannot: Statement, decisions: Iterable[Statement]) -> list[Statement]:
    """The shortest way by must-links between the records of a cannot-link, with the cannot-link before it.

    Args:
        cannot: A clash.
        decisions: All decisions; of equally short ways the one through what comes first is taken.
    """
    neighbours: dict[int, list[tuple[int, Statement]]] = {}
    for each in decisions:
        if each.kind == MUST_LINK:
            neighbours.setdefault(each.left, []).append((each.right, each))
            neighbours.setdefault(each.right, []).append((each.left, each))
    came: dict[int, tuple[int, Statement] | None] = {cannot.left: None}
    queue = deque([cannot.left])
    while queue and cannot.right not in came:
        record = queue.popleft()
        for other, by in neighbours.get(record, ()):
            if other not in came:
                came[other] = (record, by)
                queue.append(other)
    way: list[Statement] = []
    step = came.get(cannot.right)
    while step is not None:
        way.append(step[1])
        step = came[step[0]]
    return [cannot, *reversed(way)]


def settled_by_overruling(new: Sequence[Statement], standing: Sequence[Statement]) -> list[Statement]:
    """What falls of the standing decisions so that the new ones hold.

    A standing cannot-link falls where must-links, some of them new, put its records together; where the new decision
    is the cannot-link, the standing must-links on the shortest way between its records fall, which are those that
    `ContradictionError` shows. What is still contradictory then, the new decisions say themselves.
    """
    fallen: list[Statement] = []
    left = list(standing)
    while True:
        found = clashes([*new, *left])
        falling = [each for each in found if not each.is_new]
        if not falling:
            for cannot in found:
                falling = [each for each in path_of(cannot, [*new, *left]) if not each.is_new]
                if falling:
                    break
        if not falling:
            return fallen
        fallen += falling
        gone = {(each.left, each.right) for each in falling}
        left = [each for each in left if (each.left, each.right) not in gone]
