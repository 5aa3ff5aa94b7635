"""Asks the linkage room's rules which pairs of records cannot be the same human."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.identity.arrays import NO_INTS, Flags, Ints, found

FindConflicts: TypeAlias = Callable[[duckdb.DuckDBPyConnection, pa.Table, pa.Table], pa.Table]
"""(scratch, pairs: record_id_l, record_id_r; attributes: record_id, ...) -> record_id_l, record_id_r, reason."""

LoadAttributes: TypeAlias = Callable[[Ints], pa.Table]
"""Record ids -> the attributes of those records (record_id first)."""


class RecordConflicts:
    """A `ConflictSource` over cleaned records, which it loads when they are first asked for."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        find: FindConflicts,
        record_ids: Ints,
        load: LoadAttributes,
        attributes: Sequence[str],
    ) -> None:
        self._con = con
        self._find = find
        self._record_ids = record_ids
        self._load = load
        self._attributes = list(attributes)
        self._loaded: Flags = np.zeros(len(record_ids), bool)
        self._rows: pa.Table | None = None

    def profiles(self, records: Ints) -> Ints:
        """Numbers of the attribute profiles: equal for records that no conflict can tell apart."""
        rows = self._of(records)
        wanted = pa.table({"place": np.arange(len(records)), "record_id": self._record_ids[records]})
        keys = ", ".join(f'"{name}"' for name in self._attributes)  # Names of columns, from our own code.
        con = self._con.cursor()
        con.register("profile_rows", rows)
        con.register("profile_wanted", wanted)
        numbered = con.execute(
            f"select place, dense_rank() over (order by {keys}) from profile_wanted join profile_rows using (record_id)"  # noqa: S608
            " order by place"
        ).fetchnumpy()
        con.close()
        return np.asarray(list(numbered.values())[1], np.int64)

    def between(self, left: Ints, right: Ints) -> tuple[Ints, list[str]]:
        """Which of the pairs conflict (ascending indexes into the arguments) and, for each of them, the reasons."""
        if not len(left):
            return NO_INTS, []
        rows = self._of(np.unique(np.r_[left, right]))
        lower, upper = np.minimum(left, right), np.maximum(left, right)
        key = lower * np.int64(len(self._record_ids)) + upper
        pairs = pa.table({"record_id_l": self._record_ids[lower], "record_id_r": self._record_ids[upper]})
        conflicting = self._find(self._con, pairs, rows).combine_chunks()
        if not conflicting.num_rows:
            return NO_INTS, []
        first, _ = found(self._record_ids, conflicting["record_id_l"].to_numpy().astype(np.int64))
        second, _ = found(self._record_ids, conflicting["record_id_r"].to_numpy().astype(np.int64))
        told = np.minimum(first, second) * np.int64(len(self._record_ids)) + np.maximum(first, second)
        by_key = np.argsort(told, kind="stable")
        place, known = found(told[by_key], key)
        clashing = np.flatnonzero(known)
        reasons = pc.cast(conflicting["reason"], pa.string()).to_numpy(zero_copy_only=False)[by_key]
        return clashing, reasons[place[clashing]].tolist()

    def _of(self, records: Ints) -> pa.Table:
        """The attributes of some records, and maybe of others."""
        missing = np.unique(records[~self._loaded[records]])
        if len(missing) or self._rows is None:
            rows = self._load(self._record_ids[missing])
            self._rows = rows if self._rows is None else pa.concat_tables([self._rows, rows])
            self._loaded[missing] = True
        return self._rows
