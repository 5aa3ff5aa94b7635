"""What a steward should look at once the delicate records are joined: refused links, and persons to come apart."""

from typing import Final

import numpy as np

from empi_pipeline.identity.apart import Apart, Worn
from empi_pipeline.identity.arrays import Ints, distinct_pairs, finest_common
from empi_pipeline.identity.evidence import Findings, Guards, Kind
from empi_pipeline.identity.problem import Outcome, Problem

CANNOT_LINK: Final = "cannot_link"
PERSON_SIZE: Final = "person_size"
WEAK_BRIDGE: Final = "weak_bridge"
NO_EVIDENCE: Final = "no_evidence"


def refusals(problem: Problem, outcome: Outcome, apart: Apart, guards: Guards) -> Findings:
    """Links between records that stay in different groups, best first, each with the first reason that applies.

    That is what keeps its own two records apart, then what keeps their groups apart, then the size, then the bridge.
    """
    group = outcome.group
    refused = np.flatnonzero(group[problem.left] != group[problem.right])
    one, other = problem.left[refused], problem.right[refused]
    nothing = len(apart)
    ranks = np.full(len(refused), nothing)
    for colour in (problem.colour, problem.own_colour):
        by_record = apart.ranks_of(colour[one], colour[other])
        ranks = np.where(by_record >= 0, np.minimum(ranks, by_record), ranks)
    open_yet = np.flatnonzero(ranks == nothing)
    first, second = group[one[open_yet]], group[other[open_yet]]
    by_group = _clashes(outcome.actual.worn, apart, first, second)
    if guards.max_person_size is not None:
        too_large = (by_group == nothing) & (outcome.actual.joint_sizes(first, second) > guards.max_person_size)
        by_group[too_large] = nothing + 1
    ranks[open_yet] = by_group
    vocabulary = [*apart.reasons, WEAK_BRIDGE, PERSON_SIZE]
    return Findings.of_one_kind(Kind.CONFLICT, problem.records[one], problem.records[other], vocabulary, ranks)


def _clashes(worn: Worn, apart: Apart, first: Ints, second: Ints) -> Ints:
    """For pairs of groups, some of them many times, the lowest rank of what keeps them apart."""
    result = np.full(len(first), len(apart))
    coloured = worn.counts() > 0
    contested = np.flatnonzero(coloured[first] & coloured[second])
    one, other = first[contested], second[contested]
    place, pair = distinct_pairs(one, other)
    result[contested] = worn.clash(apart, one[place], other[place])[pair]
    return result


def overlays(problem: Problem, outcome: Outcome, apart: Apart) -> Findings:
    """Persons that would come apart if they did not exist yet: each part against the largest one."""
    if outcome.actual is outcome.from_scratch:
        return Findings.none()
    part = finest_common(outcome.group, outcome.scratch_group)
    parts = int(part.max()) + 1
    group_of_part, scratch_of_part = np.empty(parts, np.int64), np.empty(parts, np.int64)
    group_of_part[part], scratch_of_part[part] = outcome.group, outcome.scratch_group
    split = np.bincount(group_of_part)[group_of_part] > 1
    if not split.any():
        return Findings.none()
    records = np.flatnonzero(split[part])
    rank = problem.content_ranks(records)
    records, rank = records[np.argsort(rank)], np.sort(rank)
    some, first = np.unique(part[records], return_index=True)
    spokesman = np.full(parts, -1, np.int64)
    spokesman[some] = records[first]
    # Groups in the order of their content as well: their numbers say how they were joined.
    of_group = np.full(int(outcome.group.max()) + 1, len(records))
    np.minimum.at(of_group, group_of_part[some], rank[first])
    order = some[np.lexsort((rank[first], -np.bincount(part)[some], of_group[group_of_part[some]]))]
    starts = np.r_[True, group_of_part[order[1:]] != group_of_part[order[:-1]]]
    largest = order[starts][np.cumsum(starts) - 1]
    current, largest = order[~starts], largest[~starts]
    ranks = outcome.from_scratch.worn.clash(apart, scratch_of_part[current], scratch_of_part[largest])
    return Findings.of_one_kind(
        Kind.OVERLAY, problem.records[spokesman[current]], problem.records[spokesman[largest]],
        [*apart.reasons, NO_EVIDENCE], ranks,
    )  # fmt: skip
