"""Finds the components that hold something to mind; all others can be joined whole.

That is cannot-links, conflicts, too many records, weak bridges, or persons that evidence alone would not hold together.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Flags, Ints, connected, links_of
from empi_pipeline.identity.evidence import ConflictSource, Evidence, Guards
from empi_pipeline.identity.node_conflicts import ColourComparison, ColourConflicts, Colours, colours_of

CROWD: Final = 500
"""Components of more nodes are not compared each with each; their records are compared as they come together."""


@dataclass(frozen=True, slots=True)
class Delicate:
    """What needs care: which components, and what is known about them.

    Attributes:
        records: Positions of the records in delicate components.
        component: Component of each of them.
        colours: What the nodes look like.
        conflicts: Conflicts found so far.
        comparison: Tells conflicts between them.
        crowded: Per component, whether it has too many nodes to compare all (its conflicts are not known yet).
    """

    records: Ints
    component: Ints
    colours: Colours
    conflicts: ColourConflicts
    comparison: ColourComparison
    crowded: Flags


def find_delicate(
    evidence: Evidence, node: Ints, component: Ints, guards: Guards, conflicts: ConflictSource
) -> Delicate:
    """Look for what needs care, by whole arrays."""
    component_of_node = _by_node(node, component)
    nodes_in = np.bincount(component_of_node)
    crowd = CROWD if guards.max_person_size is None else min(CROWD, guards.max_person_size)
    crowded = nodes_in > crowd
    colours = Colours(np.arange(len(component_of_node)), NO_INTS, NO_INTS)
    found = ColourConflicts(NO_INTS, NO_INTS, [])
    if guards.hard_conflicts:
        colours = colours_of(node, component_of_node, conflicts)
    comparison = ColourComparison(colours, conflicts)
    if guards.hard_conflicts:
        compared = np.flatnonzero(((nodes_in > 1) & ~crowded)[component_of_node])
        found = ColourConflicts.concat(
            list(comparison.within(component_of_node[compared], compared, colours.of_node[compared]))
        )
    # In a crowd conflicts come to light only as it is joined.
    delicate = crowded & guards.hard_conflicts
    if guards.max_person_size is not None:
        delicate |= nodes_in > guards.max_person_size
    delicate[component_of_node[found.left]] = True
    cannot = component[evidence.cannot]
    delicate[cannot[0][cannot[0] == cannot[1]]] = True
    if guards.weak_bridge_bits is not None:
        weak = evidence.margin < guards.weak_bridge_bits
        roomy = nodes_in >= 2 * guards.weak_bridge_side
        delicate[component[evidence.left[weak]]] |= roomy[component[evidence.left[weak]]]
    if (evidence.person >= 0).any():
        delicate[_held_by_persons_alone(evidence, node, component)] = True
    records = np.flatnonzero(delicate[component])
    return Delicate(records, component[records], colours, found, comparison, crowded)


def _by_node(node: Ints, of_record: Ints) -> Ints:
    by_node = np.empty(int(node.max()) + 1 if len(node) else 0, np.int64)
    by_node[node] = of_record
    return by_node


def _held_by_persons_alone(evidence: Evidence, node: Ints, component: Ints) -> Ints:
    """Components that would fall apart if no person existed yet."""
    left, right = links_of(node)
    linked = connected(evidence.count, np.r_[evidence.left, left], np.r_[evidence.right, right])
    _, first = np.unique(linked, return_index=True)
    return np.flatnonzero(np.bincount(component[first], minlength=int(component.max()) + 1) > 1)
