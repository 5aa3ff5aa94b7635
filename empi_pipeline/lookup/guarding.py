"""What the guards of identity say of one incoming record and the records of some persons, planned once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from empi_pipeline.identity.case_reasons import GUARD_REASONS
from empi_pipeline.identity.guards import CONFLICT_ATTRIBUTES
from empi_pipeline.linkage import has_families
from empi_pipeline.linkage.nicknames import name_sets
from empi_pipeline.linkage.one_record import NEW
from empi_pipeline.linkage.scoring import failures_without_values
from empi_pipeline.linkage.shared_values import SharedValues
from empi_pipeline.planned import PlannedQuery
from empi_pipeline.sql import load

_PAIRS: Final = {"record_id_l": "bigint", "record_id_r": "bigint"}
_ATTRIBUTES: Final = {"record_id": "bigint"} | dict.fromkeys(CONFLICT_ATTRIBUTES, "varchar")


class RecordGuard:
    """Finds hard conflicts as `identity.guards.find_conflicts` does. Not for several threads at once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, learnt: pa.Table) -> None:
        """Plan the query.

        Args:
            con: A DuckDB connection (scratch), not used by anything else while this is asked.
            learnt: What is frozen into the model (`term_frequencies`): whether there are families, and shared values.
        """
        self._shared = SharedValues(learnt)
        self._conflicts = PlannedQuery(
            con,
            load("identity/guards").replace("$families", str(has_families(learnt)).lower()),
            {"guard_pairs": _PAIRS, "guard_attributes": _ATTRIBUTES},
            {"name_sets": name_sets().to_pydict()},
        )

    def conflicts(self, record: Mapping[str, str | None], others: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Why a cleaned record cannot be of one human with others, in words, by record id of those it conflicts with.

        Args:
            record: The cleaned record.
            others: record_id and the attributes that the guards look at.
        """
        if not others:
            return {}
        rows = [
            {name: seen[name] for name in _ATTRIBUTES}
            for seen in map(self._shared.without, ({**record, "record_id": NEW}, *others))
        ]
        pairs = [{"record_id_l": NEW, "record_id_r": other["record_id"]} for other in others]
        with failures_without_values():
            told = self._conflicts.run(pairs, rows)
        return {row["record_id_r"]: GUARD_REASONS.get(row["reason"], row["reason"]) for row in told}
