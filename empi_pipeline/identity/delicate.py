"""Finds the components that hold something to mind; all others can be joined whole.

That is cannot-links, conflicts, too many records, weak bridges, or persons that evidence alone would not hold together.
"""

from dataclasses import dataclass

import numpy as np

from empi_pipeline.identity.arrays import NO_INTS, Flags, Ints, connected, links_of
from empi_pipeline.identity.evidence import ConflictSource, Evidence, Guards
from empi_pipeline.identity.node_conflicts import ColourConflicts, Colours, colours_of, conflicts_within


@dataclass(frozen=True, slots=True)
class Delicate:
    """What needs care: which components, and what is known about them.

    Attributes:
        records: Positions of the records in delicate components.
        colours: What the nodes look like.
        conflicts: Conflicts found so far.
        crowded: Per component, whether it has more nodes than a person may have (its conflicts are not known yet).
    """

    records: Ints
    colours: Colours
    conflicts: ColourConflicts
    crowded: Flags


def find_delicate(
    evidence: Evidence, node: Ints, component: Ints, guards: Guards, conflicts: ConflictSource
) -> Delicate:
    """Look for what needs care, by whole arrays."""
    component_of_node = _by_node(node, component)
    nodes_in = np.bincount(component_of_node)
    crowded = np.zeros(len(nodes_in), bool)
    if guards.max_person_size is not None:
        crowded = nodes_in > guards.max_person_size
    colours = Colours(np.arange(len(component_of_node)), NO_INTS, NO_INTS)
    found = ColourConflicts(NO_INTS, NO_INTS, [])
    if guards.hard_conflicts:
        colours = colours_of(node, component_of_node, conflicts)
        compared = (nodes_in > 1) & ~crowded
        found = conflicts_within(colours, np.where(compared[component_of_node], component_of_node, -1), conflicts)
    delicate = crowded.copy()
    delicate[component_of_node[found.left]] = True
    cannot = component[evidence.cannot]
    delicate[cannot[0][cannot[0] == cannot[1]]] = True
    if guards.weak_bridge_bits is not None:
        weak = evidence.margin < guards.weak_bridge_bits
        roomy = nodes_in >= 2 * guards.weak_bridge_side
        delicate[component[evidence.left[weak]]] |= roomy[component[evidence.left[weak]]]
    if (evidence.person >= 0).any():
        delicate[_held_by_persons_alone(evidence, node, component)] = True
    return Delicate(np.flatnonzero(delicate[component]), colours, found, crowded)


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
