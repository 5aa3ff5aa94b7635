"""Nodes: records that are known to be the same before any prediction speaks. Clustering joins nodes, never their parts.

They are known to be the same by decision, or as versions of one source identity.
"""

from dataclasses import dataclass

import numpy as np

from empi_pipeline.identity.agglomeration import agglomerate
from empi_pipeline.identity.apart import Apart
from empi_pipeline.identity.arrays import Ints, connected, finest_common, links_of, pairs_within, renumbered
from empi_pipeline.identity.evidence import ConflictSource, Evidence, Guards


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes and what is odd about the versions of a source identity.

    Attributes:
        node: Node of each record.
        decided: Group of each record under must-links alone.
        doubtful: Pairs (2, n) of versions of one source identity that conflict.
        reasons: Why, one per pair.
    """

    node: Ints
    decided: Ints
    doubtful: Ints
    reasons: list[str]


def nodes_of(evidence: Evidence, guards: Guards, conflicts: ConflictSource) -> Nodes:
    """Put records together that decisions and source identities hold together.

    Versions that look like different humans are kept apart, unless versions between them lead from one to the other
    step by step (a married name first, then a corrected birth date).
    """
    decided = connected(evidence.count, *evidence.must)
    part, doubtful, reasons = _versions(evidence.source_identity, guards, conflicts)
    left, right = links_of(part)
    node = connected(evidence.count, np.r_[evidence.must[0], left], np.r_[evidence.must[1], right])
    torn = np.unique(node[evidence.cannot[0]][node[evidence.cannot[0]] == node[evidence.cannot[1]]])
    if len(torn):
        node = _take_apart(evidence, node, torn, part, decided)
    return Nodes(node, decided, doubtful, reasons)


def _versions(source_identity: Ints, guards: Guards, conflicts: ConflictSource) -> tuple[Ints, Ints, list[str]]:
    """Each source identity, split where its versions look like different humans, and the pairs that conflict."""
    versions = np.flatnonzero(source_identity >= 0)
    if not guards.hard_conflicts or not len(versions):
        return source_identity, np.empty((2, 0), np.int64), []
    # Versions that differ in no attribute a conflict looks at stand and fall together: one of them speaks for all.
    profile = finest_common(source_identity[versions], conflicts.profiles(versions))
    _, first = np.unique(profile, return_index=True)
    spokesman = versions[first]
    left, right = pairs_within(source_identity[spokesman])
    clashing, reasons = conflicts.between(spokesman[left], spokesman[right])
    grave = np.zeros(len(left), bool)
    grave[clashing] = (
        conflicts.aspects(spokesman[left[clashing]], spokesman[right[clashing]]) >= guards.version_conflict_aspects
    )
    part = np.full(len(source_identity), -1, np.int64)
    part[versions] = connected(len(spokesman), left[~grave], right[~grave])[profile]
    return part, np.stack([spokesman[left[clashing]], spokesman[right[clashing]]]), reasons


def _take_apart(evidence: Evidence, node: Ints, torn: Ints, part: Ints, decided: Ints) -> Ints:
    """Nodes anew for those that hold a pair which decisions keep apart: versions join one by one where they may."""
    node = node.copy()
    next_node = int(node.max()) + 1
    for broken in torn:
        members = np.flatnonzero(node == broken)
        place = np.full(evidence.count, -1, np.int64)
        place[members] = np.arange(len(members))
        rank = np.argsort(np.argsort(evidence.content_keys(members)))
        left, right = pairs_within(part[members])
        versions = part[members][left] >= 0
        left, right = left[versions], right[versions]
        earlier, later = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
        order = np.lexsort((later, earlier))
        apart, own_colour = Apart(), np.arange(len(members))
        cannot = place[evidence.cannot]
        cannot = cannot[:, (cannot >= 0).all(axis=0)]
        apart.add(cannot[0], cannot[1], [""] * cannot.shape[1])
        groups = agglomerate(decided[members], left[order], right[order], apart, (own_colour, own_colour), None)
        node[members] = next_node + groups.labels
        next_node += len(members)
    return renumbered(node)
