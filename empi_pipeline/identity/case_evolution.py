"""What becomes of review cases when the open questions change: which go on, which are new, closed, superseded. Pure."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Flags, Ints, connected, renumbered
from empi_pipeline.identity.case_pairs import CasePairs, WhoIsWhere
from empi_pipeline.identity.evidence import Kind

JOINED = "joined"
GONE = "no_longer_applies"
SUPERSEDED = "superseded"
DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class OpenCases:
    """Open cases that a change touches, and their pairs (one row per pair, `case` is a position in `case_id`).

    When a change is taken back, the cases it closed are among them and may go on; `is_open` tells.
    """

    case_id: Ints
    kind: Ints
    is_open: Flags
    case: Ints
    left: Ints
    right: Ints
    reason: pa.Array


@dataclass(frozen=True, slots=True)
class Closing:
    """A case that nothing keeps open any more."""

    case_id: int
    reason: str
    superseded_by: int | None


@dataclass(frozen=True, slots=True)
class Evolution:
    """The cases after a change.

    Attributes:
        component: Case (number) of each pair; a case is a set of persons connected by questions of one kind.
        case_id: Id of each case, by number; new ones are numbered on from the highest id.
        is_new: Whether a case is new.
        is_changed: Whether an existing case asks something else than before, or about persons that changed.
        closings: Cases to be closed.
    """

    component: Ints
    case_id: Ints
    is_new: Flags
    is_changed: Flags
    closings: list[Closing]


def evolve(
    pairs: CasePairs,
    old: OpenCases,
    who: WhoIsWhere,
    person_changed: Flags,
    highest_case_id: int,
    answered_case: int | None = None,
) -> Evolution:
    """Match the open questions with the cases that are open already.

    A case that asks exactly what is in question goes on; others go on where most of their pairs are. Where cases meet,
    the oldest goes on and supersedes the others; the parts a case loses are new cases.

    Args:
        pairs: All open questions in reach of the change.
        old: The open cases in reach of the change.
        who: Person of every record mentioned in either.
        person_changed: By number, whether a person's records changed.
        highest_case_id: Of all cases ever.
        answered_case: The case that a steward answers with this change.
    """
    component = _components(pairs)
    count = int(component.max()) + 1 if len(component) else 0
    case_id = np.full(count, -1, np.int64)
    is_changed = np.zeros(count, bool)
    closings: list[Closing] = []
    if len(old.case_id):
        case_id, is_changed, closings = _go_on(pairs, component, count, old, who, person_changed)
        closings = [
            Closing(closing.case_id, DECIDED, None)
            if closing.case_id == answered_case and closing.superseded_by is None
            else closing
            for closing in closings
            # A case that was closed, and might have gone on, stays closed.
            if old.is_open[old.case_id == closing.case_id][0]
        ]
    is_new = case_id < 0
    # New cases are numbered by their first pair; what they are called does not depend on anything else.
    case_id[is_new] = highest_case_id + 1 + np.arange(int(is_new.sum()))
    return Evolution(component, case_id, is_new, is_changed, closings)


def _components(pairs: CasePairs) -> Ints:
    """Cases by number, in the order of their first pair (`pairs` are ordered)."""
    if not len(pairs):
        return np.empty(0, np.int64)
    kinds = len(Kind)
    vertices, ends = np.unique(
        np.r_[pairs.person_left, pairs.person_right] * kinds + np.r_[pairs.kind, pairs.kind], return_inverse=True
    )
    label = connected(len(vertices), ends[: len(pairs)], ends[len(pairs) :])[ends[: len(pairs)]]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return renumbered(first[inverse])


def _go_on(
    pairs: CasePairs, component: Ints, count: int, old: OpenCases, who: WhoIsWhere, person_changed: Flags
) -> tuple[Ints, Flags, list[Closing]]:
    question = {
        key: place
        for place, key in enumerate(zip(pairs.kind.tolist(), pairs.left.tolist(), pairs.right.tolist(), strict=True))
    }
    shared: list[dict[int, int]] = [{} for _ in old.case_id]
    old_pairs = np.bincount(old.case, minlength=len(old.case_id)).tolist()
    kind_of_pair = old.kind[old.case]
    reasons, other_reason = pairs.reason.to_pylist(), set[int]()
    for case, kind, left, right, reason in zip(
        old.case.tolist(), kind_of_pair.tolist(), old.left.tolist(), old.right.tolist(), old.reason.to_pylist(),
        strict=True,
    ):  # fmt: skip
        place = question.get((kind, left, right))
        if place is not None:
            if reasons[place] != reason:
                other_reason.add(case)
            number = int(component[place])
            shared[case][number] = shared[case].get(number, 0) + 1
    person_left, person_right = who.of(old.left), who.of(old.right)
    new_pairs = np.bincount(component, minlength=count)
    by_age = np.argsort(old.case_id).tolist()
    holder: dict[int, int] = {}  # component -> case
    homeless = []

    def asks_the_same(case: int) -> bool:
        return len(shared[case]) == 1 and all(
            count == old_pairs[case] == new_pairs[number] for number, count in shared[case].items()
        )

    # Who asks exactly what is in question comes first: so what an undo uncovers has its own case again.
    for case in sorted(by_age, key=lambda case: not asks_the_same(case)):
        places = sorted(shared[case], key=lambda number: (-shared[case][number], number))
        free = [number for number in places if number not in holder]
        if free:
            holder[free[0]] = case
        else:
            homeless.append(case)
    _rehouse(pairs, component, old, homeless, shared, holder, person_left, person_right)

    case_id = np.full(count, -1, np.int64)
    touched = np.zeros(count, bool)
    touched[component[person_changed[pairs.person_left] | person_changed[pairs.person_right]]] = True
    is_changed = np.zeros(count, bool)
    for number, case in holder.items():
        case_id[number] = old.case_id[case]
        same = shared[case].get(number, 0) == new_pairs[number] == old_pairs[case]
        is_changed[number] = touched[number] or not same or case in other_reason or not old.is_open[case]
    housed = set(holder.values())
    inside = person_left == person_right
    all_inside = np.ones(len(old.case_id), bool)
    all_inside[old.case[~inside]] = False
    closings = []
    for case in by_age:
        if case in housed:
            continue
        places = sorted(shared[case], key=lambda number: (-shared[case][number], number))
        if places:
            closings.append(Closing(int(old.case_id[case]), SUPERSEDED, int(case_id[places[0]])))
        else:
            joined = bool(all_inside[case]) and old.kind[case] != Kind.OVERLAY
            closings.append(Closing(int(old.case_id[case]), JOINED if joined else GONE, None))
    return case_id, is_changed, closings


def _rehouse(
    pairs: CasePairs, component: Ints, old: OpenCases, homeless: list[int], shared: list[dict[int, int]],
    holder: dict[int, int], person_left: Ints, person_right: Ints,
) -> None:  # fmt: skip
    """Overlay and conflict cases go on with their persons when other pairs of the same persons are in question now."""
    if not homeless:
        return
    asks_about: dict[tuple[int, int], int] = {}
    for number, kind, one, other in zip(
        component.tolist(), pairs.kind.tolist(), pairs.person_left.tolist(), pairs.person_right.tolist(), strict=True
    ):
        asks_about.setdefault((kind, one), number)
        asks_about.setdefault((kind, other), number)
    wanted = {case: set[int]() for case in homeless if old.kind[case] != Kind.POTENTIAL_MATCH and not shared[case]}
    for case, one, other in zip(old.case.tolist(), person_left.tolist(), person_right.tolist(), strict=True):
        if case in wanted:
            wanted[case] |= {one, other}
    for case, persons in wanted.items():
        kind = int(old.kind[case])
        numbers = sorted({asks_about[kind, person] for person in persons if (kind, person) in asks_about})
        for number in numbers:
            if number not in holder:
                holder[number] = case
                break
