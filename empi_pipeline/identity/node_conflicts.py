"""Which nodes cannot be the same human: hard conflicts between records, lifted to nodes and to what looks alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import (
    NO_INTS,
    Flags,
    Ints,
    finest_common,
    found,
    pair_keys,
    pairs_across,
    sorted_unique,
)
from empi_pipeline.identity.evidence import ConflictSource

_LOOKING_ALIKE_PAYS: Final = 32
"""From this many nodes in a component on, nodes that look alike are compared once."""

_PAIRS_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Colours:
    """Nodes that look alike to every conflict wear the same colour.

    Attributes:
        of_node: Colour of each node.
        start: Where the records that stand for a colour begin in `records` (one entry more than colours).
        records: Records, one for each different profile a colour has (several only where a node has versions).
    """

    of_node: Ints
    start: Ints
    records: Ints


def colours_of(node: Ints, component_of_node: Ints, conflicts: ConflictSource) -> Colours:
    """Colours of all nodes; those in components of one node alone are never compared, so they cost nothing."""
    count = len(component_of_node)
    records_in = np.bincount(node, minlength=count)
    crowded = np.bincount(component_of_node)[component_of_node] > _LOOKING_ALIKE_PAYS
    order = np.argsort(node, kind="stable")
    several = (records_in > 1) | crowded
    looked_at = order[several[node[order]]]
    profile = np.full(len(node), -1, np.int64)
    if len(looked_at):
        profile[looked_at] = conflicts.profiles(looked_at)
    # One record for each (node, profile).
    by_node = order[np.lexsort((profile[order], node[order]))]
    standing = np.ones(len(by_node), bool)
    standing[1:] = (node[by_node][1:] != node[by_node][:-1]) | (profile[by_node][1:] != profile[by_node][:-1])
    records = by_node[standing]
    profiles_in = np.bincount(node[records], minlength=count)
    start = np.r_[0, np.cumsum(profiles_in)]
    # Nodes of one profile in a crowded component look alike when they have the same.
    alike = crowded & (profiles_in == 1)
    look = np.full(count, -1, np.int64)
    look[alike] = profile[records[start[:-1][alike]]]
    own = np.arange(count)
    if not alike.any():
        return Colours(own, start, records)
    same = finest_common(component_of_node[alike], look[alike])
    _, first = np.unique(same, return_index=True)
    of_node = own.copy()
    of_node[alike] = own[alike][first][same]
    return Colours(of_node, start, records)


@dataclass(frozen=True, slots=True)
class ColourConflicts:
    """Pairs of colours that cannot be the same human, and why."""

    left: Ints
    right: Ints
    reasons: list[str]

    @staticmethod
    def concat(parts: "Sequence[ColourConflicts]") -> "ColourConflicts":
        """All of them."""
        return ColourConflicts(
            np.concatenate([NO_INTS, *(part.left for part in parts)]),
            np.concatenate([NO_INTS, *(part.right for part in parts)]),
            [reason for part in parts for reason in part.reasons],
        )


class ColourComparison:
    """Compares colours, each pair of them once.

    Two colours conflict when a record of one conflicts with a record of the other, unless their own node explains it:
    what decisions or a source say is the same human may have had another name or date once.
    """

    def __init__(self, colours: Colours, conflicts: ConflictSource) -> None:
        self._colours = colours
        self._conflicts = conflicts
        self._profiles = np.diff(colours.start)
        self._asked = NO_INTS

    def within(self, group: Ints, block: Ints, colour: Ints) -> Iterator[ColourConflicts]:
        """Conflicts between colours that meet in a group, coming from different blocks; only those not told before.

        Args:
            group: Group of each wearer.
            block: What of a group was together before anything was compared: nothing depends on conflicts within.
            colour: What each of them wears.
        """
        for left, right in pairs_across(group, block, _PAIRS_AT_ONCE):
            yield self.between(colour[left], colour[right])

    def between(self, left: Ints, right: Ints) -> ColourConflicts:
        """Conflicts between pairs of colours; only those not told before."""
        keys = sorted_unique(pair_keys(left, right)[left != right])
        if len(self._asked):
            keys = keys[~found(self._asked, keys)[1]]
        self._asked = np.sort(np.r_[self._asked, keys]) if len(self._asked) else keys
        pairs = np.stack([keys >> np.int64(32), keys & np.int64(0xFFFFFFFF)])
        told: list[tuple[Ints, list[str]]] = []
        work = np.cumsum(self._profiles[pairs[0]] * self._profiles[pairs[1]])
        begin = 0
        while begin < pairs.shape[1]:
            done = work[begin - 1] if begin else 0
            end = max(begin + 1, int(np.searchsorted(work, done + _PAIRS_AT_ONCE, side="right")))
            clashing, reasons = _compare(self._colours, self._profiles, pairs[:, begin:end], self._conflicts)
            told.append((begin + clashing, reasons))
            begin = end
        clashing = np.concatenate([part for part, _ in told]) if told else NO_INTS
        return ColourConflicts(
            pairs[0][clashing], pairs[1][clashing], [reason for _, reasons in told for reason in reasons]
        )


def _compare(colours: Colours, profiles: Ints, pairs: Ints, conflicts: ConflictSource) -> tuple[Ints, list[str]]:
    """Which pairs of colours conflict, and a reason for each."""
    left_count, right_count = profiles[pairs[0]], profiles[pairs[1]]
    combinations = left_count * right_count
    of_pair = np.repeat(np.arange(pairs.shape[1]), combinations)
    step = np.arange(len(of_pair)) - np.repeat(np.cumsum(combinations) - combinations, combinations)
    left = colours.records[colours.start[pairs[0]][of_pair] + step // right_count[of_pair]]
    right = colours.records[colours.start[pairs[1]][of_pair] + step % right_count[of_pair]]
    clashing, reasons = conflicts.between(left, right)
    clashes = np.bincount(of_pair[clashing], minlength=pairs.shape[1])
    conflict = clashes == combinations
    for pair in np.flatnonzero((clashes > 0) & ~conflict).tolist():
        inside = of_pair[clashing] == pair
        clash = np.zeros(int(combinations[pair]), bool)
        clash[step[clashing[inside]]] = True
        matrix = clash.reshape(int(left_count[pair]), int(right_count[pair]))
        conflict[pair] = not _explained(colours, pairs[:, pair], matrix, conflicts)
    reason_of: dict[int, str] = {}
    for pair, reason in zip(of_pair[clashing].tolist(), reasons, strict=True):
        reason_of[pair] = min(reason, reason_of.get(pair, reason))
    kept = np.flatnonzero(conflict)
    return kept, [reason_of[pair] for pair in kept.tolist()]


def _explained(colours: Colours, pair: Ints, clash: Flags, conflicts: ConflictSource) -> bool:
    """Whether all conflicts between two nodes are explained by what a node says of itself.

    Where a source corrected a birth date, its node holds both dates, and a record with the old one does conflict with
    the new one: that is explained. That a third record of the node has no birth date at all explains nothing.
    """
    explained = np.zeros_like(clash)
    for of_left, colour in ((True, int(pair[0])), (False, int(pair[1]))):
        matrix = clash if of_left else clash.T
        records = colours.records[colours.start[colour] : colours.start[colour + 1]]
        troubled, calm = np.flatnonzero(matrix.any(axis=1)), np.flatnonzero(~matrix.all(axis=1))
        if not len(calm):
            continue
        because = np.zeros((len(troubled), matrix.shape[1]), bool)
        step = max(1, _PAIRS_AT_ONCE // len(calm))
        # One may hold thousands of versions: some of them at a time.
        for begin in range(0, len(troubled), step):
            some = troubled[begin : begin + step]
            within, _ = conflicts.between(records[np.repeat(some, len(calm))], records[np.tile(calm, len(some))])
            differs = np.zeros(len(some) * len(calm), np.float32)
            differs[within] = 1
            because[begin : begin + step] = differs.reshape(len(some), -1) @ (~matrix[calm]).astype(np.float32) > 0
        if of_left:
            explained[troubled] |= because
        else:
            explained[:, troubled] |= because.T
    return bool(explained[clash].all())
