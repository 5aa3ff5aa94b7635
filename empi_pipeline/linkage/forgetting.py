"""Takes values that only erased records had out of what match models keep."""

from collections.abc import Iterable

import pyarrow as pa
from psycopg import sql

from empi_pipeline.linkage.features import FEATURES, with_features
from empi_pipeline.linkage.key_index import CLEANED_SCHEMA
from empi_pipeline.postgres import Connection
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load


def forget_values(connection: Connection, erased: pa.Table) -> int:
    """Delete term frequencies of values that no record of the index has any more; returns how many.

    The weight of such a value hardly changes: one that a model does not know counts as rare as the rarest it knows. Of
    derived columns, which the index does not store, all but common values go: what is common tells of nobody.

    Args:
        connection: The caller's transaction; the cleaned records are deleted already.
        erased: Those records: `record_id` and the cleaned columns.
    """
    rows = connection.execute("select distinct column_name from matching.term_frequencies").fetchall()
    columns = {name for (name,) in rows}
    forgotten = 0
    for column in sorted(columns & set(CLEANED_SCHEMA.names) - {"record_id"}):
        values = _distinct(erased[column].to_pylist())
        query = sql.SQL("select distinct {column} from cleaned.person_records where {column} = any (%s)")
        kept = connection.execute(query.format(column=sql.Identifier(column)), [values]).fetchall()
        gone = sorted(set(values) - {value for (value,) in kept})
        forgotten += connection.execute(load("linkage/forget_values"), {"column_name": column, "values": gone}).rowcount
    derived = sorted(columns & set(FEATURES))
    if derived:
        with open_scratch() as con, with_features(con, erased, derived) as table:
            for column in derived:
                held = con.execute(f'select distinct cast("{column}" as varchar) from {table}').fetchall()  # noqa: S608 - names of ours
                forgotten += connection.execute(
                    load("linkage/forget_rare_values"),
                    {"column_name": column, "values": _distinct(value for (value,) in held)},
                ).rowcount
    return forgotten


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value is not None})
