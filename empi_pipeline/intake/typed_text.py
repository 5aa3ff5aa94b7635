"""Typed values (Parquet) as text, in one defined way.

Text stays as it is. Integers have no decimal point; floats and decimals that are whole numbers neither, other floats
are the shortest text that reads back the same; NaN is missing. Booleans are `true` and `false`. Dates are
`YYYY-MM-DD`; timestamps without zone at midnight are such dates too (pandas has no other date), other timestamps are
`YYYY-MM-DD HH:MM:SS` with the fraction and, if they have a zone, `Z` for UTC. Nested values are JSON.
"""

import base64
import json
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_BYTES: Final = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


def as_text(values: pa.Array) -> pa.Array:
    """The values as `string` (or `binary`, for bytes that are yet to be checked as UTF-8), NULL where missing."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return as_text(values.storage)
    if any(is_bytes(kind) for is_bytes in _BYTES):
        # Text too: writers exist that do not check it, and what is not UTF-8 is to be rejected row by row.
        return values.cast(pa.binary())
    if pa.types.is_floating(kind):
        return _float_text(values.cast(pa.float64()) if pa.types.is_float16(kind) else values)
    if pa.types.is_decimal(kind):
        return pc.replace_substring_regex(values.cast(pa.string()), r"^(-?\d+)\.0+$", r"\1")
    return _timestamp_text(values) if pa.types.is_timestamp(kind) else _other_text(values)


def _float_text(values: pa.Array) -> pa.Array:
    """Whole numbers that a float holds exactly without fraction and exponent, others as Arrow writes them."""
    known = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    whole = pc.and_(pc.equal(pc.floor(known), known), pc.less(pc.abs(known), 2.0**53)).fill_null(False)
    integers = pc.if_else(whole, known, pa.scalar(0, values.type)).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, integers, known.cast(pa.string()))


def _timestamp_text(values: pa.Array) -> pa.Array:
    if values.type.tz is not None:
        return values.cast(pa.timestamp(values.type.unit, "UTC")).cast(pa.string())
    return pc.replace_substring_regex(values.cast(pa.string()), r" 00:00:00(\.0+)?$", "")


def _other_text(values: pa.Array) -> pa.Array:
    if pa.types.is_nested(values.type):
        return pa.array([_json(value) for value in values.to_pylist()], pa.string())
    try:
        return values.cast(pa.string())
    except pa.ArrowNotImplementedError:
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())


def _json(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_json_leaf)


def _json_leaf(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
