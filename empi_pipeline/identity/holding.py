"""How far records may follow the evidence when a change is taken back: as far as must-links in force let them. Pure."""

import heapq
from typing import Final

from empi_pipeline.identity.arrays import Flags, Ints

NOBODY: Final = -1


def held_back(then: Ints, now: Ints, follows: Flags, must: Ints) -> Ints:
    """Who stays where it is because a decision would else be torn.

    A pair of the list after the other is looked at, over and over, until nothing changes; where its two records would
    be in different persons, those that only follow the evidence stay. Only pairs with a record that was held since
    they were looked at can tell anything new, so a chain of n decisions takes time in proportion to n log n.

    Args:
        then: Person each record would go to; NOBODY where evidence will say.
        now: Person each record has.
        follows: Records that go back only because the evidence that moved them is taken back.
        must: Pairs (2, n) that must be together.

    Returns:
        `then`, with the records that are held where they have been.
    """
    goal, home, free = then.tolist(), now.tolist(), follows.tolist()
    pairs = list(zip(*must.tolist(), strict=True))
    pairs_of: dict[int, list[int]] = {}
    for number, pair in enumerate(pairs):
        for one in pair:
            pairs_of.setdefault(one, []).append(number)
    waiting = [(0, number) for number in range(len(pairs))]  # (pass, pair): a heap, as it is in order.
    due = [0] * len(pairs)
    while waiting:
        turn, number = heapq.heappop(waiting)
        if due[number] != turn:
            continue
        due[number] = -1
        left, right = pairs[number]
        if goal[left] == goal[right] or NOBODY in (goal[left], goal[right]):
            continue
        for one in (left, right):
            if free[one] and goal[one] != home[one]:
                goal[one] = home[one]
                for other in pairs_of[one]:
                    if other != number and due[other] < 0:
                        due[other] = turn if other > number else turn + 1
                        heapq.heappush(waiting, (due[other], other))
    result = then.copy()
    result[:] = goal
    return result
