"""The identity of a row's content: the same content delivered again, in any file, is known by this hash."""

import hashlib
from collections.abc import Sequence
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline import sql
from empi_pipeline.schema import PERSON_RECORD_COLUMNS

HASH_TYPE: Final = pa.binary(32)

_SCAN_ROWS: Final = 16_384
"""Rows per record batch handed to DuckDB: it scans batches in parallel, so one big batch would use one core."""

_FEW_ROWS: Final = 200
"""So few are hashed in Python while DuckDB would still plan its query; files of ten rows come by the thousand."""


def add_content_hashes(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Table:
    """Append the column `content_hash` to delivered rows.

    The hash is SHA-256 over, for each of the 15 standard columns in their order, `-` when the value is missing, else
    `<length>:<value>` with the length in bytes of UTF-8 as decimal text; then over each extra column that has a
    value, sorted by name, `<length>:<name><length>:<value>`. Each value ends where its length says, so no two
    different rows have the same encoding, whatever characters stand in them. Missing and empty are the same; white
    space is content. Column order, file format and empty columns have no influence.

    Args:
        con: Scratch database.
        rows: `line_number` int64 (unique, ascending), the 15 standard columns as text with NULL for missing,
            `extra_key` text: the encoded extra columns (see `extra_columns`) or NULL.

    Returns:
        The same rows, in the same order, with `content_hash` fixed-size binary(32) instead of `extra_key`.
    """
    assert rows.column_names[:16] == ["line_number", *PERSON_RECORD_COLUMNS]
    if rows.num_rows <= _FEW_ROWS:
        columns = [rows[name].to_pylist() for name in (*PERSON_RECORD_COLUMNS, "extra_key")]
        few = pa.array([_hash_of(values[:-1], values[-1]) for values in zip(*columns, strict=True)], HASH_TYPE)
        return rows.drop_columns(["extra_key"]).append_column("content_hash", few)
    con.register("delivered_rows", pa.Table.from_batches(rows.to_batches(max_chunksize=_SCAN_ROWS), rows.schema))
    try:
        hashes = con.sql(sql.load("intake/content_hash")).to_arrow_table().column("content_hash").cast(HASH_TYPE)
    finally:
        con.unregister("delivered_rows")
    return rows.drop_columns(["extra_key"]).append_column("content_hash", hashes)


def _hash_of(values: Sequence[str | None], extra_key: str | None) -> bytes:
    """The hash of one row."""
    encoded = ["-" if value is None else f"{len(value.encode())}:{value}" for value in values]
    return hashlib.sha256(("".join(encoded) + (extra_key or "")).encode()).digest()


def add_extra_columns(con: duckdb.DuckDBPyConnection, rows: pa.Table, extra: list[tuple[str, pa.Array]]) -> pa.Table:
    """Append `extra`, the columns nobody asked for, as JSON text, and `extra_key`, their encoding for the hash.

    Args:
        con: Scratch database.
        rows: `line_number` and whatever else; not looked at.
        extra: Name and values (text, NULL for missing) of each column kept aside, sorted by name.

    Returns:
        The rows with `extra` and `extra_key`, both NULL where no extra column has a value.
    """
    columns = [values for _, values in extra if values.null_count < len(values)]
    names = [name for name, values in extra if values.null_count < len(values)]
    if not columns:
        nothing = pa.nulls(rows.num_rows, pa.string())
        return rows.append_column("extra", nothing).append_column("extra_key", nothing)
    values_table = pa.table([rows.column("line_number"), *columns], names=["line_number", *_numbered("v", names)])
    con.register("extra_values", pa.Table.from_batches(values_table.to_batches(max_chunksize=_SCAN_ROWS)))
    as_json = _each(names, "concat(to_json(${n}::varchar), ':', to_json(v{n}))")
    as_key = _each(names, "concat(strlen(${n}::varchar), ':', ${n}::varchar, strlen(v{n}), ':', v{n})")
    try:
        # Positions, not delivered names, become identifiers; the names are bound as parameters.
        encoded = con.sql(
            f"""
            select
                nullif(concat('{{', concat_ws(',', {as_json}), '}}'), '{{}}') as extra,
                nullif(concat({as_key}), '') as extra_key
            from extra_values order by line_number
            """,  # noqa: S608
            params={str(at + 1): name for at, name in enumerate(names)},
        ).to_arrow_table()
    finally:
        con.unregister("extra_values")
    return rows.append_column("extra", encoded.column("extra")).append_column("extra_key", encoded.column("extra_key"))


def _numbered(prefix: str, names: list[str]) -> list[str]:
    return [f"{prefix}{at + 1}" for at in range(len(names))]


def _each(names: list[str], expression: str) -> str:
    """The expression once for each column, NULL where the column has no value; `concat` skips NULLs."""
    return ", ".join(
        f"case when v{at} is not null then {expression.replace('{n}', str(at))} end" for at in range(1, len(names) + 1)
    )
