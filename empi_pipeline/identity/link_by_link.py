"""Joins the records of delicate components link by link, and says what was refused and what should come apart."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.agglomeration import agglomerate
from empi_pipeline.identity.apart import Apart
from empi_pipeline.identity.arrays import (
    Flags,
    Ints,
    finest_common,
    first_of_each,
    found,
    pairs_within,
    renumbered,
)
from empi_pipeline.identity.bridges import weak_bridges
from empi_pipeline.identity.delicate import Delicate
from empi_pipeline.identity.evidence import Evidence, Findings, Guards
from empi_pipeline.identity.node_conflicts import ColourComparison, ColourConflicts
from empi_pipeline.identity.problem import Outcome, Problem, problem_of
from empi_pipeline.identity.refusals import CANNOT_LINK, overlays, refusals

GUARD: Final = "guard:"


@dataclass(frozen=True, slots=True)
class Solution:
    """For the delicate records alone: both partitions and the findings (positions in the whole evidence).

    Attributes:
        group: Group of each record, existing persons whole.
        from_scratch: Group of each record if no person existed.
        findings: What was refused, and what should come apart.
        one_by_one: Links that had to be looked at one by one.
    """

    group: Ints
    from_scratch: Ints
    findings: Findings
    one_by_one: int


def solve(evidence: Evidence, node: Ints, delicate: Delicate, guards: Guards) -> Solution:
    """Join the delicate records link by link: once from scratch, once with existing persons kept whole."""
    problem = problem_of(evidence, node, delicate, guards)
    apart = Apart()
    cannot = problem.own_colour[problem.cannot]
    apart.add(cannot[0], cannot[1], [CANNOT_LINK] * cannot.shape[1])
    _forbid(apart, delicate.conflicts)
    crowded = guards.hard_conflicts and bool(delicate.crowded.any())
    if crowded:
        # Where there are too many records to compare each with each, what is linked and what ends up together is.
        _forbid(apart, delicate.comparison.between(problem.colour[problem.left], problem.colour[problem.right]))
    while True:
        outcome = _run(problem, apart, guards)
        known = len(apart)
        if crowded:
            _compare_joined(apart, delicate.comparison, outcome.scratch_group, problem.node, problem.colour)
            if outcome.actual is not outcome.from_scratch:
                _compare_joined(apart, delicate.comparison, outcome.group, outcome.start, problem.colour)
        if len(apart) == known:
            break
    findings = Findings.concat(refusals(problem, outcome, apart, guards), overlays(problem, outcome, apart))
    looked_at = outcome.actual.one_by_one
    if outcome.actual is not outcome.from_scratch:
        looked_at += outcome.from_scratch.one_by_one
    return Solution(outcome.group, outcome.scratch_group, findings, looked_at)


def _forbid(apart: Apart, conflicting: ColourConflicts) -> None:
    apart.add(conflicting.left, conflicting.right, [GUARD + reason for reason in conflicting.reasons])


def _compare_joined(apart: Apart, comparison: ColourComparison, group: Ints, start: Ints, colour: Ints) -> None:
    """Forbid what joined groups turn out to hold; what was together from the start stays so, whatever it holds."""
    # A look that many wear is compared once for each group and what it came in with.
    wearers = first_of_each(finest_common(finest_common(group, start), renumbered(colour)), np.arange(len(group)))
    for conflicting in comparison.within(group[wearers], start[wearers], colour[wearers]):
        _forbid(apart, conflicting)


def _run(problem: Problem, apart: Apart, guards: Guards) -> Outcome:
    """Join from scratch, and with the existing persons kept whole."""
    node, piece = problem.node, problem.piece
    nodes, pieces = int(node.max()) + 1, int(piece.max()) + 1
    bridge = _bridges(problem, apart, guards)
    left, right = problem.left, problem.right
    if bridge.any():
        left, right = left[~bridge], right[~bridge]
    colours = np.r_[problem.colour, problem.own_colour]
    from_scratch = agglomerate(
        np.arange(nodes), node[left], node[right], apart, (np.r_[node, node], colours),
        guards.max_person_size, component=_by_label(problem.component, node),
    )  # fmt: skip
    scratch_group = from_scratch.labels[node]
    if (problem.person < 0).all():  # No persons to keep whole: pieces are nodes.
        return Outcome(from_scratch, from_scratch, scratch_group, scratch_group, node, bridge)
    person = np.empty(pieces, np.int64)
    person[piece] = problem.person
    alone = person < 0
    initial = np.where(alone, int(person.max()) + 1 + np.arange(pieces), person)
    node_of_piece = _by_label(node, piece)
    # A node counts once in a person, in however many pieces it comes.
    torn = np.flatnonzero(np.bincount(node_of_piece)[node_of_piece] > 1)
    of_node = _links_within_nodes(problem, node_of_piece, torn)
    actual = agglomerate(
        initial, np.r_[of_node[0], piece[left]], np.r_[of_node[1], piece[right]],
        apart, (np.r_[piece, piece], colours), guards.max_person_size, (torn, node_of_piece[torn]),
        _by_label(problem.component, piece),
    )  # fmt: skip
    return Outcome(actual, from_scratch, actual.labels[piece], scratch_group, initial[piece], bridge)


def _by_label(of_record: Ints, label: Ints) -> Ints:
    """What records of one label have in common, by label (from 0 without gaps)."""
    result = np.empty(int(label.max()) + 1, np.int64)
    result[label] = of_record
    return result


def _links_within_nodes(problem: Problem, node_of_piece: Ints, torn: Ints) -> tuple[Ints, Ints]:
    """Links between the pieces of one node (there are several where persons hold parts of it), in content order."""
    records = np.flatnonzero(found(torn, problem.piece)[1])
    rank = np.full(len(node_of_piece), len(problem.records))
    np.minimum.at(rank, problem.piece[records], problem.content_ranks(records))
    one, other = pairs_within(node_of_piece[torn])
    left, right = torn[one], torn[other]
    earlier, later = np.minimum(rank[left], rank[right]), np.maximum(rank[left], rank[right])
    order = np.lexsort((later, earlier))
    return left[order], right[order]


def _bridges(problem: Problem, apart: Apart, guards: Guards) -> Flags:
    """Links that are weak bridges. A link between nodes that may not be joined does not support anything."""
    bridge = np.zeros(len(problem.left), bool)
    if guards.weak_bridge_bits is None or not problem.weak.any():
        return bridge
    node = problem.node
    sound = apart.ranks_of(problem.colour[problem.left], problem.colour[problem.right]) < 0
    if problem.cannot.shape[1]:
        told_apart = Apart()
        told_apart.add(node[problem.cannot[0]], node[problem.cannot[1]], [CANNOT_LINK] * problem.cannot.shape[1])
        sound &= told_apart.ranks_of(node[problem.left], node[problem.right]) < 0
    links = np.flatnonzero(sound)
    bridge[links] = weak_bridges(
        int(node.max()) + 1, node[problem.left[links]], node[problem.right[links]], problem.weak[links],
        guards.weak_bridge_side,
    )  # fmt: skip
    return bridge
