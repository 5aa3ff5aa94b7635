"""What happened, as rows of the ledger: one event for each person and record that an assignment changed. Pure."""

from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Floats, Ints
from empi_pipeline.identity.assignment import Assignment, merge_links
from empi_pipeline.identity.evidence import Evidence

PERSON_REVIVED: Final = "person_revived"
PERSON_SPLIT: Final = "person_split"
PERSON_MERGED: Final = "person_merged"
RECORD_MOVED: Final = "record_moved"
RECORD_ASSIGNED: Final = "record_assigned"

_CAUSE_OF_CHANGE: Final = {"batch": "merge"}
"""What records that move along give as cause; in other changes it is the kind of the change."""


def events_of(
    change_kind: str, record_ids: Ints, evidence: Evidence, assignment: Assignment, first_event_no: int = 0
) -> pa.Table:
    """The events of an assignment, numbered: persons first, then records that moved, then new records.

    Columns: event_no, kind, record_id, person_id, other_person_id, cause, linked_record_id, match_weight (bits).
    """
    before, after = assignment.before, assignment.after
    new = np.flatnonzero(before < 0)
    moved = np.flatnonzero((before >= 0) & (before != after))
    cause = _CAUSE_OF_CHANGE.get(change_kind, change_kind)
    merged = assignment.retired
    # Who comes out of nobody is a new person of new records, which needs no event of its own.
    came_from = assignment.most_common(after, before, assignment.created)
    split = assignment.created[came_from >= 0]
    own, other, bits = merge_links(evidence, assignment)
    versions = "same_source_identity" if change_kind == "batch" else cause
    reasons = assignment.reasons
    portions = [
        _portion(PERSON_REVIVED, assignment.revived, None, cause),
        _portion(PERSON_SPLIT, split, came_from[came_from >= 0], cause),
        _portion(
            PERSON_MERGED,
            merged,
            assignment.most_common(before, after, merged),
            pa.array(np.where(np.isnan(bits[merged]), versions, "prediction"), pa.string()),
            _ids(record_ids, own[merged]),
            _ids(record_ids, other[merged]),
            bits[merged],
        ),
        _portion(RECORD_MOVED, after[moved], before[moved], cause, record_ids[moved]),
        _portion(
            RECORD_ASSIGNED,
            after[new],
            None,
            reasons.cause.take(pa.array(new)),
            record_ids[new],
            _ids(record_ids, reasons.linked[new]),
            reasons.weight[new],
        ),
    ]
    events = pa.concat_tables([portion for portion in portions if portion.num_rows] or portions[:1])
    for name in ("person_id", "other_person_id"):
        place = events.schema.get_field_index(name)
        events = events.set_column(place, name, assignment.person_ids.take(events[name].combine_chunks()))
    return events.append_column("event_no", pa.array(first_event_no + np.arange(events.num_rows)))


def _portion(
    kind: str,
    person: Ints,
    other_person: Ints | None,
    cause: str | pa.Array,
    record: Ints | None = None,
    linked: Ints | None = None,
    weight: Floats | None = None,
) -> pa.Table:
    """Events of one kind; -1 and NaN stand for nothing."""
    count = len(person)
    return pa.table(
        {
            "kind": pa.repeat(pa.scalar(kind), count),
            "record_id": _or_null(record, count),
            "person_id": pa.array(person),
            "other_person_id": _or_null(other_person, count),
            "cause": pa.repeat(pa.scalar(cause), count) if isinstance(cause, str) else cause,
            "linked_record_id": _or_null(linked, count),
            "match_weight": pa.nulls(count, pa.float64())
            if weight is None
            else pa.array(weight, mask=np.isnan(weight)),
        }
    )


def _or_null(values: Ints | None, count: int) -> pa.Array:
    return pa.nulls(count, pa.int64()) if values is None else pa.array(values, mask=values < 0)


def _ids(record_ids: Ints, positions: Ints) -> Ints:
    """Record ids of positions, -1 where there is none."""
    return np.where(positions >= 0, record_ids[np.maximum(positions, 0)], -1) if len(record_ids) else positions
