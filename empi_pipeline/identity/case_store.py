"""Reads and writes review cases in Postgres."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Floats, Ints
from empi_pipeline.identity.case_evolution import Evolution, OpenCases
from empi_pipeline.identity.case_pairs import CasePairs
from empi_pipeline.identity.evidence import Kind
from empi_pipeline.identity.ledger import Change, stage
from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.sql import load

_TOUCHED: Final = pa.schema(
    [
        ("case_id", pa.int64()),
        ("kind", pa.string()),
        ("record_id_l", pa.int64()),
        ("record_id_r", pa.int64()),
        ("reason", pa.string()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("is_open", pa.bool_()),
    ]
)
_NUMBER_OF_KIND: Final = {kind.code: int(kind) for kind in Kind}
_RISK: Final = np.array([100.0, 200.0, 300.0])
"""By kind: two humans in one id hurt most, then evidence against a decision or guard, then a missed match.

`cases_page.sql` and `cases_list.sql` rely on it, and on what comes on top being less than a hundred."""


def read_touched_cases(
    connection: Connection, persons_outside: list[str], reopening_changes: Sequence[int], erased_records: list[int]
) -> tuple[OpenCases, CasePairs]:
    """Open cases about touched records, or about some other persons, and their pairs (persons not filled in).

    Args:
        connection: In the transaction that holds the list of touched records.
        persons_outside: Ids of the other persons.
        reopening_changes: Cases that these changes closed count as well.
        erased_records: Cases that asked about these count as well.
    """
    rows = copy_out(
        connection,
        load("identity/cases_touched"),
        _TOUCHED,
        {
            "persons_outside": persons_outside,
            "reopening_changes": list(reopening_changes),
            "erased_records": erased_records,
        },
    ).combine_chunks()
    ids, case = np.unique(np.asarray(rows["case_id"].to_numpy(), np.int64), return_inverse=True)
    kind_of_pair = np.array([_NUMBER_OF_KIND[code] for code in rows["kind"].to_pylist()], np.int64)
    kind = np.zeros(len(ids), np.int64)
    kind[case] = kind_of_pair
    left = np.asarray(rows["record_id_l"].to_numpy(), np.int64)
    right = np.asarray(rows["record_id_r"].to_numpy(), np.int64)
    nobody = np.full(len(left), -1, np.int64)
    pairs = CasePairs(
        kind_of_pair, left, right, nobody, nobody, _array(rows["reason"]),
        np.asarray(rows["match_weight"].to_numpy(), np.float64),
        np.asarray(rows["match_probability"].to_numpy(), np.float64),
    )  # fmt: skip
    is_open = np.ones(len(ids), bool)
    is_open[case] = np.asarray(rows["is_open"].to_numpy(zero_copy_only=False), bool)
    return OpenCases(ids, kind, is_open, case.astype(np.int64), left, right, pairs.reason), pairs


def highest_case_id(connection: Connection) -> int:
    """Of all cases ever; 0 when there is none. The caller holds the identity lock."""
    row = connection.execute("select coalesce(max(case_id), 0) from identity.review_cases").fetchone()
    assert row is not None
    return int(row[0])


def write_cases(
    connection: Connection, change: Change, pairs: CasePairs, evolution: Evolution, record_count: Ints
) -> None:
    """Open, update and close cases.

    Args:
        connection: In the transaction of the change.
        change: The change that does it.
        pairs: All pairs in question.
        evolution: What becomes of them.
        record_count: Records of each person, by number.
    """
    cases = _summaries(pairs, evolution, record_count)
    written = evolution.is_new | evolution.is_changed
    if evolution.is_new.any():
        copy_in(
            connection,
            "identity.review_cases",
            cases.filter(pa.array(evolution.is_new)),
            constants={
                "opened_change_id": change.change_id,
                "opened_at": change.at,
                "updated_change_id": change.change_id,
            },
        )
    if evolution.is_changed.any():
        stage(connection, "changed_cases", cases.filter(pa.array(evolution.is_changed)))
        connection.execute(load("identity/case_pairs_clear"))
        connection.execute(load("identity/cases_change"), {"change_id": change.change_id})
    of_pair = written[evolution.component]
    if of_pair.any():
        told = pairs.only(of_pair)
        copy_in(
            connection,
            "identity.case_pairs",
            pa.table(
                {
                    "case_id": evolution.case_id[evolution.component[of_pair]],
                    "record_id_l": told.left,
                    "record_id_r": told.right,
                    "reason": told.reason,
                }
            ),
        )
    if evolution.closings:
        connection.execute(
            load("identity/cases_close"),
            {
                "change_id": change.change_id,
                "case_ids": [closing.case_id for closing in evolution.closings],
                "reasons": [closing.reason for closing in evolution.closings],
                "superseded_by": [closing.superseded_by for closing in evolution.closings],
            },
        )


def _summaries(pairs: CasePairs, evolution: Evolution, record_count: Ints) -> pa.Table:
    """One row per case, by number."""
    count = len(evolution.case_id)
    component = evolution.component
    weight, probability = _largest(component, pairs.weight, count), _largest(component, pairs.probability, count)
    one, other = pairs.person_left, pairs.person_right
    width = np.int64(len(record_count) + 1)
    member = np.unique(np.r_[component * width + one, component * width + other])
    persons = np.bincount(member // width, minlength=count)
    records = np.bincount(member // width, weights=record_count[member % width], minlength=count).astype(np.int64)
    # The reason of the strongest pair, the first of equals, stands for the case.
    order = np.lexsort((np.arange(len(component)), -np.nan_to_num(pairs.weight, nan=-np.inf), component))
    _, first = np.unique(component[order], return_index=True)
    strongest = order[first]
    kind = pairs.kind[strongest]
    # Risk first; within a kind what is likely true and concerns much comes first.
    value = np.minimum(99.0, np.nan_to_num(probability, nan=1.0) * 10.0 * np.log2(1.0 + records))
    codes = pa.array([kind.code for kind in Kind])
    return pa.table(
        {
            "case_id": evolution.case_id,
            "kind": codes.take(pa.array(kind)),
            "reason": pairs.reason.take(pa.array(strongest)),
            "priority": np.round(_RISK[kind] + value, 6),
            "max_match_weight": pa.array(weight, mask=np.isnan(weight)),
            "max_match_probability": pa.array(probability, mask=np.isnan(probability)),
            "person_count": persons,
            "record_count": records,
        }
    )


def _largest(component: Ints, values: Floats, count: int) -> Floats:
    largest = np.full(count, -np.inf)
    known = ~np.isnan(values)
    np.maximum.at(largest, component[known], values[known])
    return np.where(np.isinf(largest), np.nan, largest)


def _array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
