"""Joins the records of delicate components link by link, and says what was refused and what should come apart."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.agglomeration import Agglomeration, Apart, agglomerate
from empi_pipeline.identity.arrays import Flags, Ints, finest_common, pair_keys, pairs_within, renumbered
from empi_pipeline.identity.bridges import weak_bridges
from empi_pipeline.identity.delicate import Delicate
from empi_pipeline.identity.evidence import ConflictSource, Evidence, Finding, Guards, Kind
from empi_pipeline.identity.node_conflicts import conflicts_between, conflicts_within

CANNOT_LINK: Final = "cannot_link"
PERSON_SIZE: Final = "person_size"
WEAK_BRIDGE: Final = "weak_bridge"
NO_EVIDENCE: Final = "no_evidence"
GUARD: Final = "guard:"


@dataclass(frozen=True, slots=True)
class Solution:
    """For the delicate records alone: both partitions and the findings (positions in the whole evidence)."""

    group: Ints
    from_scratch: Ints
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Problem:
    """The delicate records, renumbered; arrays per record unless said otherwise.

    Attributes:
        records: Positions in the evidence.
        rank: Place in the order of content keys.
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

    records: Ints
    rank: Ints
    node: Ints
    colour: Ints
    own_colour: Ints
    person: Ints
    piece: Ints
    left: Ints
    right: Ints
    weak: Flags
    cannot: Ints


@dataclass(frozen=True, slots=True)
class _Outcome:
    actual: Agglomeration
    from_scratch: Agglomeration
    group: Ints
    scratch_group: Ints
    bridge: Flags


def solve(evidence: Evidence, node: Ints, delicate: Delicate, guards: Guards, conflicts: ConflictSource) -> Solution:
    """Join the delicate records link by link: once from scratch, once with existing persons kept whole."""
    problem = _problem(evidence, node, delicate, guards)
    apart, reasons = Apart(), list[str]()
    cannot = problem.own_colour[problem.cannot]
    _forbid(apart, reasons, cannot[0], cannot[1], [CANNOT_LINK] * cannot.shape[1])
    found = delicate.conflicts
    _forbid(apart, reasons, found.left, found.right, [GUARD + reason for reason in found.reasons])
    crowded = guards.hard_conflicts and bool(delicate.crowded.any())
    if crowded:
        # Where there are too many records to compare each with each, what is linked and what ends up together is.
        linked = conflicts_between(
            delicate.colours, problem.colour[problem.left], problem.colour[problem.right], conflicts
        )
        _forbid(apart, reasons, linked.left, linked.right, [GUARD + reason for reason in linked.reasons])
    while True:
        outcome = _run(problem, apart, guards)
        known = len(apart.rank)
        if crowded:
            for group in (outcome.scratch_group, outcome.group):
                of_node = np.full(len(delicate.colours.of_node), -1, np.int64)
                of_node[node[problem.records]] = group
                found = conflicts_within(delicate.colours, of_node, conflicts)
                _forbid(apart, reasons, found.left, found.right, [GUARD + reason for reason in found.reasons])
        if len(apart.rank) == known:
            break
    findings = _refused(problem, outcome, apart, reasons, guards) + _overlays(problem, outcome, apart, reasons)
    return Solution(outcome.group, outcome.scratch_group, findings)


def _forbid(apart: Apart, reasons: list[str], left: Ints, right: Ints, why: list[str]) -> None:
    for index, reason in enumerate(why):
        before = len(apart.rank)
        apart.add(left[index : index + 1], right[index : index + 1])
        reasons += [reason] * (len(apart.rank) - before)


def _within(records: Ints, count: int, pairs: Ints) -> Ints:
    """Pairs of positions in the evidence as positions in `records`; pairs that are not there are left out."""
    place = np.full(count, -1, np.int64)
    place[records] = np.arange(len(records))
    placed = place[pairs]
    return placed[:, (placed >= 0).all(axis=0)]


def _problem(evidence: Evidence, node: Ints, delicate: Delicate, guards: Guards) -> _Problem:
    records = delicate.records
    rank = np.empty(len(records), np.int64)
    rank[np.argsort(evidence.content_keys(records), kind="stable")] = np.arange(len(records))
    inside = np.zeros(evidence.count, bool)
    inside[records] = True
    links = np.flatnonzero(inside[evidence.left])
    left, right = _within(records, evidence.count, np.stack([evidence.left[links], evidence.right[links]]))
    earlier, later = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
    order = np.lexsort((later, earlier, -evidence.weight[links]))
    weak = np.zeros(len(links), bool)
    if guards.weak_bridge_bits is not None:
        weak = evidence.margin[links][order] < guards.weak_bridge_bits
    cannot = _within(records, evidence.count, evidence.cannot)
    person = evidence.person[records]
    own_node = renumbered(node[records])
    return _Problem(
        records=records,
        rank=rank,
        node=own_node,
        colour=delicate.colours.of_node[node[records]],
        own_colour=len(delicate.colours.of_node) + np.arange(len(records)),
        person=person,
        piece=finest_common(own_node, person + 1),
        left=left[order],
        right=right[order],
        weak=weak,
        cannot=cannot[:, np.lexsort(np.sort(rank[cannot], axis=0)[::-1])],
    )


def _run(problem: _Problem, apart: Apart, guards: Guards) -> _Outcome:
    """Join from scratch, and with the existing persons kept whole."""
    node, piece = problem.node, problem.piece
    nodes, pieces = int(node.max()) + 1, int(piece.max()) + 1
    bridge = _bridges(problem, apart, guards)
    left, right = problem.left[~bridge], problem.right[~bridge]
    colours = np.r_[problem.colour, problem.own_colour]
    from_scratch = agglomerate(
        np.arange(nodes), node[left], node[right], apart, (np.r_[node, node], colours),
        guards.max_person_size,
    )  # fmt: skip
    if (problem.person < 0).all():  # No persons to keep whole: pieces are nodes.
        return _Outcome(from_scratch, from_scratch, from_scratch.labels[node], from_scratch.labels[node], bridge)
    person = np.empty(pieces, np.int64)
    person[piece] = problem.person
    alone = person < 0
    initial = np.where(alone, int(person.max()) + 1 + np.arange(pieces), person)
    node_of_piece = np.empty(pieces, np.int64)
    node_of_piece[piece] = node
    # A node counts once in a person, in however many pieces it comes.
    torn = np.flatnonzero(np.bincount(node_of_piece)[node_of_piece] > 1)
    of_node = _links_within_nodes(problem, node_of_piece)
    actual = agglomerate(
        initial, np.r_[of_node[0], piece[left]], np.r_[of_node[1], piece[right]],
        apart, (np.r_[piece, piece], colours), guards.max_person_size, (torn, node_of_piece[torn]),
    )  # fmt: skip
    return _Outcome(actual, from_scratch, actual.labels[piece], from_scratch.labels[node], bridge)


def _links_within_nodes(problem: _Problem, node_of_piece: Ints) -> tuple[Ints, Ints]:
    """Links between the pieces of one node (there are several where persons hold parts of it), in content order."""
    rank = np.full(len(node_of_piece), len(problem.rank))
    np.minimum.at(rank, problem.piece, problem.rank)
    left, right = pairs_within(node_of_piece)
    earlier, later = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
    order = np.lexsort((later, earlier))
    return left[order], right[order]


def _bridges(problem: _Problem, apart: Apart, guards: Guards) -> Flags:
    """Links that are weak bridges. A link between nodes that may not be joined does not support anything."""
    bridge = np.zeros(len(problem.left), bool)
    if guards.weak_bridge_bits is None or not problem.weak.any():
        return bridge
    first, second = problem.colour[problem.left].tolist(), problem.colour[problem.right].tolist()
    conflict = np.array([one in apart.foes.get(other, ()) for one, other in zip(first, second, strict=True)], bool)
    node = problem.node
    told_apart = np.isin(
        pair_keys(node[problem.left], node[problem.right]), pair_keys(node[problem.cannot[0]], node[problem.cannot[1]])
    )
    links = np.flatnonzero(~conflict & ~told_apart)
    bridge[links] = weak_bridges(
        int(node.max()) + 1, node[problem.left[links]], node[problem.right[links]], problem.weak[links],
        guards.weak_bridge_side,
    )  # fmt: skip
    return bridge


def _refused(problem: _Problem, outcome: _Outcome, apart: Apart, reasons: list[str], guards: Guards) -> list[Finding]:
    """Links between records that stay in different groups."""
    group = outcome.group
    refused = np.flatnonzero(group[problem.left] != group[problem.right])
    findings = []
    for link in refused.tolist():
        one, other = int(problem.left[link]), int(problem.right[link])
        first, second = int(group[one]), int(group[other])
        rank = apart.explain(_worn(problem, apart, one), _worn(problem, apart, other))
        if rank is None:
            rank = apart.explain(outcome.actual.colours[first], outcome.actual.colours[second])
        if rank is not None:
            reason = reasons[rank]
        elif guards.max_person_size is not None and outcome.actual.joint_size(first, second) > guards.max_person_size:
            reason = PERSON_SIZE
        else:
            reason = WEAK_BRIDGE
        findings.append(Finding(Kind.CONFLICT, int(problem.records[one]), int(problem.records[other]), reason))
    return findings


def _worn(problem: _Problem, apart: Apart, record: int) -> set[int]:
    return {int(problem.colour[record]), int(problem.own_colour[record])} & apart.foes.keys()


def _overlays(problem: _Problem, outcome: _Outcome, apart: Apart, reasons: list[str]) -> list[Finding]:
    """Persons that would come apart if they did not exist yet: each part against the largest one."""
    part = finest_common(outcome.group, outcome.scratch_group)
    parts = int(part.max()) + 1
    group_of_part, scratch_of_part = np.empty(parts, np.int64), np.empty(parts, np.int64)
    group_of_part[part], scratch_of_part[part] = outcome.group, outcome.scratch_group
    split = np.bincount(group_of_part)[group_of_part] > 1
    if not split.any():
        return []
    by_rank = np.argsort(problem.rank)
    _, first = np.unique(part[by_rank], return_index=True)
    spokesman = by_rank[first]
    size = np.bincount(part)
    order = np.lexsort((problem.rank[spokesman], -size, group_of_part))
    findings, largest = [], -1
    for current in order[split[order]].tolist():
        if largest < 0 or group_of_part[current] != group_of_part[largest]:
            largest = current
            continue
        colours = outcome.from_scratch.colours
        rank = apart.explain(colours[scratch_of_part[current]], colours[scratch_of_part[largest]])
        findings.append(
            Finding(
                Kind.OVERLAY,
                int(problem.records[spokesman[current]]),
                int(problem.records[spokesman[largest]]),
                NO_EVIDENCE if rank is None else reasons[rank],
            )
        )
    return findings
