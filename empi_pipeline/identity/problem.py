"""The records that need care, renumbered, with their links ranked; and what joining them came to."""

from dataclasses import dataclass

import numpy as np

from empi_pipeline.identity.agglomeration import Agglomeration
from empi_pipeline.identity.arrays import Flags, Ints, finest_common, found, renumbered, sorted_unique
from empi_pipeline.identity.delicate import Delicate
from empi_pipeline.identity.evidence import Evidence, Guards
from empi_pipeline.identity.ranking import content_ranks, strongest_first


@dataclass(frozen=True, slots=True)
class Problem:
    """The delicate records, renumbered; arrays per record unless said otherwise.

    Attributes:
        evidence: The whole it is part of.
        records: Positions in the evidence.
        component: Component.
        node: Node.
        colour: Colour of the node.
        own_colour: A colour of the record's own, for decisions.
        person: Existing person, -1 for none.
        piece: What of a node is in one person; existing persons are made of pieces.
        left: One record of each link, best link first.
        right: The other record.
        weak: Whether the link is weak by itself.
        cannot: Pairs (2, n) of records that decisions keep apart, in content order.
    """

    evidence: Evidence
    records: Ints
    component: Ints
    node: Ints
    colour: Ints
    own_colour: Ints
    person: Ints
    piece: Ints
    left: Ints
    right: Ints
    weak: Flags
    cannot: Ints

    def content_ranks(self, which: Ints) -> Ints:
        """Places of some of the records in the order of their content; reads the content of these alone."""
        return content_ranks(self.evidence.content_keys(self.records[which])) if len(which) else which


@dataclass(frozen=True, slots=True)
class Outcome:
    """What joining came to.

    Attributes:
        actual: With existing persons kept whole.
        from_scratch: As if no person existed; the same object where none does.
        group: Actual group of each record.
        scratch_group: Its group from scratch.
        start: What each record was together with before any link was followed, in the actual run.
        bridge: Which links are weak bridges.
    """

    actual: Agglomeration
    from_scratch: Agglomeration
    group: Ints
    scratch_group: Ints
    start: Ints
    bridge: Flags


def problem_of(evidence: Evidence, node: Ints, delicate: Delicate, guards: Guards) -> Problem:
    """Take the delicate records out of the evidence."""
    records = delicate.records
    whole = len(records) == evidence.count
    # Mostly one large component is all there is; then every record keeps its place.
    place, left, right, weight, margin = records, evidence.left, evidence.right, evidence.weight, evidence.margin
    if not whole:
        place = np.full(evidence.count, -1, np.int64)
        place[records] = np.arange(len(records))
        links = np.flatnonzero(place[left] >= 0)
        left, right, weight, margin = left[links], right[links], weight[links], margin[links]
    order = strongest_first(weight, left, right, evidence.content_keys)
    weak = np.zeros(len(order), bool)
    if guards.weak_bridge_bits is not None:
        weak = margin[order] < guards.weak_bridge_bits
    cannot = place[evidence.cannot]
    person = evidence.person[records]
    own_node = renumbered(node[records])
    left, right = left[order], right[order]
    return Problem(
        evidence=evidence,
        records=records,
        component=delicate.component,
        node=own_node,
        colour=delicate.colours.of_node[node[records]],
        own_colour=len(delicate.colours.of_node) + np.arange(len(records)),
        person=person,
        piece=own_node if (person < 0).all() else finest_common(own_node, person + 1),
        left=left if whole else place[left],
        right=right if whole else place[right],
        weak=weak,
        cannot=_in_content_order(cannot[:, (cannot >= 0).all(axis=0)], evidence, records),
    )


def _in_content_order(pairs: Ints, evidence: Evidence, records: Ints) -> Ints:
    if not pairs.shape[1]:
        return pairs
    mentioned = sorted_unique(pairs.ravel())
    rank = content_ranks(evidence.content_keys(records[mentioned]))
    ranks = np.sort(rank[found(mentioned, pairs.ravel())[0]].reshape(2, -1), axis=0)
    return pairs[:, np.lexsort(ranks[::-1])]
