"""Asks the linkage room's rules which pairs of records cannot be the same human."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.identity.arrays import (
    NO_INTS,
    Flags,
    Ints,
    finest_common,
    found,
    pair_keys,
    pair_keys_ordered,
    sorted_unique,
)

FindConflicts: TypeAlias = Callable[[duckdb.DuckDBPyConnection, pa.Table, pa.Table], pa.Table]
"""(scratch, pairs: record_id_l, record_id_r; attributes: record_id, ...) -> record_id_l, record_id_r, reason."""

LoadAttributes: TypeAlias = Callable[[Ints], pa.Table]
"""Record ids -> the attributes of those records (record_id first)."""


class RecordConflicts:
    """A `ConflictSource` over cleaned records, loaded when they are first asked for, as the scratch is opened."""

    def __init__(
        self,
        scratch: Callable[[], duckdb.DuckDBPyConnection],
        find: FindConflicts,
        record_ids: Ints,
        load: LoadAttributes,
        attributes: Sequence[str],
        aspects: Sequence[Sequence[str]],
    ) -> None:
        self._scratch = scratch
        self._find = find
        self._record_ids = record_ids
        self._load = load
        self._attributes = list(attributes)
        self._aspects = aspects
        self._loaded: Flags = np.zeros(len(record_ids), bool)
        self._rows: pa.Table | None = None

    def profiles(self, records: Ints) -> Ints:
        """Numbers of the attribute profiles: equal for records that no conflict can tell apart."""
        rows, places = self._looked_up(records)
        profile = np.zeros(len(records), np.int64)
        for name in self._attributes:
            profile = finest_common(profile, _codes(rows[name])[places] + 1)
        return profile

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """Which of the pairs conflict (ascending indexes into the arguments) and, for each of them, the reason."""
        if not len(left):
            return NO_INTS, []
        return self._ask(left, right, self._of(np.r_[left, right]))

    def equal(self, left: Ints, right: Ints, columns: Sequence[str]) -> Flags:
        """Which of the pairs are equal in some attributes, of which the first must not be missing."""
        rows, places = self._looked_up(np.r_[left, right])
        one, other = np.split(places, 2)
        result = np.ones(len(left), bool)
        for place, name in enumerate(columns):
            number = _codes(rows[name])
            result &= number[one] == number[other]
            if place == 0:
                result &= number[one] >= 0
        return result

    def aspects(self, left: Ints, right: Ints) -> Ints:
        """In how many aspects, each by itself, the pairs conflict."""
        count = np.zeros(len(left), np.int64)
        if not len(left):
            return count
        rows = self._of(np.r_[left, right])
        nothing = pa.nulls(rows.num_rows, pa.string())
        for aspect in self._aspects:
            alone = pa.table(
                {name: rows[name] if name in ("record_id", *aspect) else nothing for name in rows.schema.names}
            )
            count[self._ask(left, right, alone)[0]] += 1
        return count

    def _ask(self, left: Ints, right: Ints, rows: pa.Table) -> tuple[Ints, list[str]]:
        lower, upper = np.minimum(left, right), np.maximum(left, right)
        keys = pair_keys_ordered(lower, upper)
        asked = sorted_unique(keys)
        pairs = pa.table(
            {
                "record_id_l": self._record_ids[asked >> np.int64(32)],
                "record_id_r": self._record_ids[asked & np.int64(0xFFFFFFFF)],
            }
        )
        told = self._find(self._scratch(), pairs, rows).combine_chunks()
        if not told.num_rows:
            return NO_INTS, []
        first, _ = found(self._record_ids, told["record_id_l"].to_numpy().astype(np.int64))
        second, _ = found(self._record_ids, told["record_id_r"].to_numpy().astype(np.int64))
        told_keys = pair_keys(first, second)
        by_key = np.argsort(told_keys, kind="stable")
        place, known = found(told_keys[by_key], keys)
        clashing = np.flatnonzero(known)
        reasons = pc.cast(told["reason"], pa.string()).take(pa.array(by_key[place[clashing]]))
        return clashing, reasons.to_pylist()

    def _of(self, records: Ints) -> pa.Table:
        """The attributes of some records, and maybe of others."""
        missing = sorted_unique(records[~self._loaded[records]])
        if len(missing) or self._rows is None:
            rows = self._load(self._record_ids[missing])
            self._rows = rows if self._rows is None else pa.concat_tables([self._rows, rows])
            self._loaded[missing] = True
        return self._rows

    def _looked_up(self, records: Ints) -> tuple[pa.Table, Ints]:
        """The attributes of these records and maybe of others, and which row is whose."""
        rows = self._of(records)
        ids = np.asarray(rows["record_id"].to_numpy(), np.int64)
        by_id = np.argsort(ids)
        return rows, by_id[found(ids[by_id], self._record_ids[records])[0]]


def _codes(values: pa.ChunkedArray) -> Ints:
    """Equal numbers for equal values, -1 for missing ones."""
    codes = values.combine_chunks().dictionary_encode().indices
    return np.asarray(pc.fill_null(codes, -1).to_numpy(zero_copy_only=False), np.int64)
