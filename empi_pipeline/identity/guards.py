"""Guards: what two records say that one human cannot have said. No score outweighs it; a steward can.

A match weight adds evidence up, and a household agrees on so much (surname, address, phone) that twins or father and
son pass any threshold. So a clear conflict stops an automatic join, whatever else agrees. Typos, nicknames, swapped
fields and missing values are never a conflict: a true group must rarely be blocked.
"""

from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.nicknames import name_sets
from empi_pipeline.sql import load

CONFLICT_ATTRIBUTES: Final = (
    "first_name",
    "middle_name",
    "last_name",
    "name_suffix",
    "sex",
    "birth_date",
    "social_security_number",
)
"""Cleaned columns that the guards look at."""

TELLING_ATTRIBUTES: Final = ("first_name", "birth_date", "sex", "name_suffix")
"""Two records that are equal in these cannot conflict, unless they lack the first."""

RULES_VERSION: Final = 1
"""Goes up with each change of what is a conflict, so that what was found out under other rules counts no more.

Also with each change of what clustering makes of the same evidence: it is noted with what is applied
(`grouping_rules.py`), so that an index grouped by an earlier version is not taken for a wrong one.
"""

_MANY: Final = 500
"""From this many pairs on, those that agree too well to conflict are sorted out first."""

_JOINED: Final = (
    "guard_pairs"
    " join people as l on l.record_id = guard_pairs.record_id_l"
    " join people as r on r.record_id = guard_pairs.record_id_r"
)

_RESULT: Final = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64()), ("reason", pa.string())])


def find_conflicts(
    con: duckdb.DuckDBPyConnection, pairs: pa.Table, attributes: pa.Table, *, families: bool = True
) -> pa.Table:
    """The pairs of records that cannot be one human.

    Depends on nothing but the two records of a pair, and not on which of them is left.

    Args:
        con: A DuckDB connection (scratch), not used by anything else meanwhile.
        pairs: record_id_l and record_id_r (int64), each pair once.
        attributes: record_id (int64, unique) and `CONFLICT_ATTRIBUTES` (text) of every record in `pairs`.
        families: Whether family members are among the records (`empi_pipeline.linkage.has_families`). True unless the
            data of the model show none: only then may one surname, home and birth date under two given names be a
            human misnamed rather than twins, and two birth dates under one name a mistake rather than father and son.

    Returns:
        record_id_l, record_id_r (as given) and reason (a key of `GUARD_REASONS`), one row per conflicting pair.
    """
    if not pairs.num_rows:
        return _RESULT.empty_table()
    # Casts: a column that is NULL throughout arrives untyped, and string functions fail on it.
    texts = ", ".join(f'cast("{column}" as varchar) as "{column}"' for column in CONFLICT_ATTRIBUTES)
    con.register("guard_pairs", pairs)
    con.register("guard_delivered", attributes)
    con.register("name_sets", name_sets())
    try:
        con.execute(f"create or replace temp view guard_attributes as select record_id, {texts} from guard_delivered")  # noqa: S608 - our own column names
        if pairs.num_rows >= _MANY:
            still_open = con.sql(load("identity/guards_open")).to_arrow_table()
            if not still_open.num_rows:
                return _RESULT.empty_table()
            con.unregister("guard_pairs")
            con.register("guard_pairs", still_open)
        return con.sql(guards_sql(), params={"families": families}).to_arrow_table().cast(_RESULT)
    finally:
        con.execute("drop view if exists guard_attributes")
        for name in ("guard_pairs", "guard_delivered", "name_sets"):
            con.unregister(name)


def guards_sql() -> str:
    """The statement that finds conflicts among pairs, with `$families` to be bound."""
    people, reasons = load("identity/guard_people"), reasons_sql(_JOINED)
    return load("identity/guards").replace("$guard_people", people).replace("$guard_reasons", reasons)


def reasons_sql(pairs: str) -> str:
    """The statement that says why pairs conflict, as a projection of them.

    Args:
        pairs: FROM item with record_id_l, record_id_r, and l and r as sql/identity/guard_people.sql makes them.
    """
    return load("identity/guard_reasons").replace("$pairs", pairs)
