"""What the guards of identity say of one incoming record and the records of some persons, from queries kept running."""

# ruff: noqa: S608 - SQL is put together from names and statements of ours.

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from empi_pipeline.identity.case_reasons import GUARD_REASONS
from empi_pipeline.identity.guards import CONFLICT_ATTRIBUTES, reasons_sql
from empi_pipeline.linkage import has_families
from empi_pipeline.linkage.nicknames import sets_of_names
from empi_pipeline.linkage.scoring import failures_without_values
from empi_pipeline.linkage.shared_values import SharedValues
from empi_pipeline.sql import load
from empi_pipeline.standing import INCOMING, TICKET, StandingQuery

_NAMED: Final = pa.schema([*((name, pa.string()) for name in CONFLICT_ATTRIBUTES), ("name_sets", pa.list_(pa.int16()))])
_PERSON: Final = pa.struct(
    [
        *((name, pa.string()) for name in ("first_name", "last_name", "middle_name")),
        ("given_parts", pa.list_(pa.string())),
        ("name_sets", pa.list_(pa.int16())),
        *((name, pa.string()) for name in ("given_word", "second_word", "sex", "birth_date")),
        ("birth_year", pa.int32()),
        *((name, pa.string()) for name in ("birth_month", "birth_day", "ssn", "ssn_end", "twin")),
        ("generation", pa.int32()),
    ]
)
"""What `sql/identity/guard_people.sql` makes of a record."""


class RecordGuard:
    """Finds hard conflicts as `identity.guards.find_conflicts` does. Not for several threads at once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, learnt: pa.Table) -> None:
        """Make the queries.

        Args:
            con: A DuckDB connection opened as `standing.SCRATCH` says, not used by anything else while this is asked.
            learnt: What is frozen into the model (`term_frequencies`): whether there are families, and shared values.
        """
        self._shared = SharedValues(learnt)
        self._sets = sets_of_names()
        people = load("identity/guard_people")
        self._people = StandingQuery(
            con,
            f"select * exclude (record_id), record_id as {TICKET} from (with named_attributes as"
            f" (select *, {TICKET} as record_id from {INCOMING}) {people}) as people",
            _NAMED,
        )
        reasons = reasons_sql(f"(select 0 as record_id_l, {TICKET} as record_id_r, l, r from {INCOMING}) as pairs")
        reasons = reasons.replace("$families", str(has_families(learnt)).lower())
        self._reasons = StandingQuery(
            con,
            f"select record_id_r as {TICKET}, reason from ({reasons}) as judged",
            pa.schema([("l", _PERSON), ("r", _PERSON)]),
        )

    def conflicts(self, record: Mapping[str, str | None], others: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Why a cleaned record cannot be of one human with others, in words, by record id of those it conflicts with.

        Args:
            record: The cleaned record.
            others: record_id and the attributes that the guards look at.
        """
        if not others:
            return {}
        seen = [self._shared.without(each) for each in (record, *others)]
        with failures_without_values():
            new, *known = self._people.run([each | {"name_sets": self._name_sets(each)} for each in seen])
            judged = self._reasons.run([{"l": new, "r": each} for each in known])
        return {
            other["record_id"]: GUARD_REASONS.get(each["reason"], each["reason"])
            for other, each in zip(others, judged, strict=True)
            if each["reason"] is not None
        }

    def _name_sets(self, record: Mapping[str, Any]) -> list[int]:
        return self._sets.get((record["first_name"] or "").split(" ")[0], [])
