"""Values that many humans have and that tell of none: the clinic's phone, the shelter's address, one SSN for all.

They are learnt from the records on which a match model is frozen, never after: else the order of batches would matter.
To that model they are missing, in comparisons, blocking rules and guards.
"""

from collections.abc import Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.sql import load

SHARED: Final = "shared:"
"""Before the column name, in the table of what is frozen into a model; `frequency` is the number of humans then."""

MOST_HUMANS: Final = {
    "social_security_number": 3,
    "email": 8,
    "phone": 12,
    "address": 30,
}
"""How many clearly different humans may have a value before it counts as shared by many.

More than ordinary life brings together, because a value of one family must not be lost, and less than an institution
has. A number belongs to one human; relatives borrow it, and where a payer gives the subscriber's number to all
dependants it says nothing of them. A mailbox is shared by a family, a phone by a large household and those who lived
there before; an address (without unit, with zip code) by the flats of a house, and from then on by strangers. Clinics,
shelters, nursing homes, dormitories and made-up values are beyond these within a few thousand records.
"""

_LOOKED_AT: Final = 3

_COLUMNS: Final = ("first_name", "last_name", "birth_date", "zip_code", "city", *MOST_HUMANS)
_RESULT: Final = pa.schema([("column_name", pa.string()), ("value", pa.string()), ("humans", pa.int32())])


def shared_values(con: duckdb.DuckDBPyConnection, cleaned: pa.Table) -> pa.Table:
    """Find the values that many clearly different humans have.

    Humans are told apart by name and birth date; records without either do not count. Those counted differ pairwise
    by more than typos, one wrong part of a date, a nickname or a marriage, so one human with many versions is one.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: `record_id` and the cleaned columns; a column that is absent counts as missing in every record.

    Returns:
        column_name (a key of `MOST_HUMANS`), value (of an address: with its zip code, or city) and humans (at least so
        many), in order of the first two.
    """
    texts = [
        cleaned[name].cast(pa.string()) if name in cleaned.column_names else pa.nulls(cleaned.num_rows, pa.string())
        for name in _COLUMNS
    ]
    con.register("linkage_delivered", pa.table(texts, names=list(_COLUMNS)))
    con.register(
        "linkage_thresholds", pa.table({"column_name": list(MOST_HUMANS), "most_humans": list(MOST_HUMANS.values())})
    )
    try:
        found = con.sql(load("linkage/shared_values"), params={"looked_at": _LOOKED_AT})
        return found.to_arrow_table().cast(_RESULT)
    finally:
        con.unregister("linkage_delivered")
        con.unregister("linkage_thresholds")


def without_shared_values(cleaned: pa.Table, frozen: pa.Table) -> pa.Table:
    """The cleaned records as a model sees them: values it knows to be shared by many are missing.

    Args:
        cleaned: `record_id` and the cleaned columns.
        frozen: What is frozen into the model (`term_frequencies`).
    """
    for column in MOST_HUMANS:
        known = frozen.filter(pc.equal(frozen["column_name"], SHARED + column))["value"]
        if not len(known) or column not in cleaned.column_names:
            continue
        values = cleaned[column].cast(pa.string())
        compared = _with_place(cleaned, values) if column == "address" else values
        is_shared = pc.is_in(compared, value_set=known.combine_chunks().cast(pa.string()))
        seen = pc.if_else(is_shared, pa.scalar(None, pa.string()), values)
        cleaned = cleaned.set_column(cleaned.column_names.index(column), column, seen)
    return cleaned


class SharedValues:
    """`without_shared_values` for one record after the other."""

    def __init__(self, frozen: pa.Table) -> None:
        """Look up what a model knows to be shared; argument as `without_shared_values`."""
        names, values = (frozen[column].to_pylist() for column in ("column_name", "value"))
        self._known: dict[str, set[str]] = {}
        for name, value in zip(names, values, strict=True):
            if name.startswith(SHARED):
                self._known.setdefault(name.removeprefix(SHARED), set()).add(value)

    def without(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record as the model sees it."""
        seen = dict(record)
        for column, known in self._known.items():
            value = record.get(column)
            if column == "address" and value is not None:
                place = next((record[name] for name in ("zip_code", "city") if record.get(name) is not None), "")
                value = f"{value}|{place}"
            if value in known:
                seen[column] = None
        return seen


def split(learnt: pa.Table) -> tuple[pa.Table, pa.Table]:
    """What a model has learnt as frequencies, and as shared values: column_name, value, humans."""
    is_shared = pc.starts_with(learnt["column_name"], SHARED)
    shared = learnt.filter(is_shared)
    columns = pc.utf8_slice_codeunits(shared["column_name"], len(SHARED))
    named = pa.table([columns, shared["value"], shared["frequency"].cast(pa.int32())], schema=_RESULT)
    return learnt.filter(pc.invert(is_shared)), named


def _with_place(cleaned: pa.Table, addresses: pa.ChunkedArray) -> pa.ChunkedArray:
    places = [cleaned[name].cast(pa.string()) for name in ("zip_code", "city") if name in cleaned.column_names]
    place = pc.coalesce(*places, pa.scalar("")) if places else pa.scalar("")
    return pc.binary_join_element_wise(addresses, place, "|")
