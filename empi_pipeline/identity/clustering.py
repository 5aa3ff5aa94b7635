"""The partition of records into persons, under decisions and guards.

Pure: the same records and the same evidence give the same partition, in whatever order and batches they arrived.
"""

from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Ints, connected, links_of, renumbered
from empi_pipeline.identity.delicate import find_delicate
from empi_pipeline.identity.evidence import Clustering, ConflictSource, Evidence, Findings, Guards, Kind
from empi_pipeline.identity.link_by_link import solve
from empi_pipeline.identity.nodes import Nodes, nodes_of

VERSIONS_CONFLICT: Final = "versions_conflict:"
_DOUBTS_PER_NODE: Final = 20


def cluster(evidence: Evidence, guards: Guards, conflicts: ConflictSource) -> Clustering:
    """Partition the records.

    Components that hold nothing to mind are joined whole, without looking at single records. The others are joined
    link by link, in descending match weight, refusing links that would bring together what decisions or guards keep
    apart; once from scratch, and once with the existing persons kept whole.

    Args:
        evidence: A closed set of records: no auto-match, person, source identity or decision leads out of it.
        guards: What may not be joined without a steward.
        conflicts: Which pairs of records cannot be the same human.
    """
    nodes = nodes_of(evidence, guards, conflicts)
    component = _components(evidence, nodes.node)
    delicate = find_delicate(evidence, nodes.node, component, guards, conflicts)
    group, from_scratch, findings, one_by_one = component, component, Findings.none(), 0
    if len(delicate.records):
        solution = solve(evidence, nodes.node, delicate, guards)
        group = from_scratch = _with_delicate(component, delicate.records, solution.group)
        if solution.from_scratch is not solution.group:
            from_scratch = _with_delicate(component, delicate.records, solution.from_scratch)
        findings, one_by_one = solution.findings, solution.one_by_one
    findings = Findings.concat(findings, _doubtful_versions(nodes))
    return Clustering(group, from_scratch, findings, len(delicate.records), one_by_one)


def _with_delicate(component: Ints, records: Ints, group: Ints) -> Ints:
    """Groups of all records: components, but for those that were joined link by link."""
    result = component.copy()
    result[records] = len(component) + group
    return renumbered(result)


def _components(evidence: Evidence, node: Ints) -> Ints:
    of_node, of_person = links_of(node), links_of(evidence.person)
    return connected(
        evidence.count,
        np.concatenate([evidence.left, of_node[0], of_person[0]]),
        np.concatenate([evidence.right, of_node[1], of_person[1]]),
    )


def _doubtful_versions(nodes: Nodes) -> Findings:
    """Versions of one source identity that conflict, unless a decision says that they are the same."""
    one, other = nodes.doubtful
    open_yet = np.flatnonzero(nodes.decided[one] != nodes.decided[other])
    node = nodes.node[np.minimum(one, other)[open_yet]]
    order = np.argsort(node, kind="stable")
    starts = np.flatnonzero(np.r_[True, node[order][1:] != node[order][:-1]]) if len(order) else NO_INTS
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    asked = open_yet[np.sort(order[nth < _DOUBTS_PER_NODE])]
    vocabulary = [VERSIONS_CONFLICT + nodes.reasons[place] for place in asked.tolist()]
    return Findings.of_one_kind(Kind.OVERLAY, one[asked], other[asked], vocabulary, np.arange(len(asked)))
