"""Columns of text made and changed without a loop over rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic.dice import Flags, Ints

Bytes = npt.NDArray[np.uint8]


def digits(number: Ints, width: int) -> Bytes:
    """The decimal digits of each number as ASCII, with leading zeros: a matrix of one row per number."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    matrix: Bytes = ((number[:, None] // powers) % 10 + ord("0")).astype(np.uint8)
    return matrix


def hexadecimal(number: Ints, width: int) -> Bytes:
    """The same in base 16, lower case."""
    shifts = np.arange(width - 1, -1, -1, dtype=np.int64) * 4
    letters: Bytes = np.frombuffer(b"0123456789abcdef", np.uint8)[(number[:, None] >> shifts) & 15]
    return letters


def laid_out(matrix: Bytes, pattern: str) -> pa.Array:
    """Text after a pattern in which each `0` stands for the next column of the matrix: `"(000) 000-0000"`."""
    columns = []
    at = 0
    for character in pattern:
        if character == "0":
            columns.append(matrix[:, at])
            at += 1
        else:
            columns.append(np.full(len(matrix), ord(character), np.uint8))
    return of_width(np.column_stack(columns)) if len(matrix) else pa.array([], pa.string())


def of_width(matrix: Bytes) -> pa.Array:
    """Text of one width: a row of ASCII characters each."""
    rows, width = matrix.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix).tobytes())
    )


def whole_numbers(number: Ints) -> pa.Array:
    """Numbers as people write them."""
    return pc.cast(pa.array(number), pa.string())


def joined(*parts: Any, by: str = "") -> pa.Array:
    """Parts of each row one after the other; missing and empty parts are left out, with their separator."""
    if not by:
        return pc.binary_join_element_wise(*parts, "", null_handling="replace")
    known = [pc.if_else(pc.equal(part, ""), None, part) if isinstance(part, pa.Array) else part for part in parts]
    return pc.binary_join_element_wise(*known, by, null_handling="skip")


def where(flags: Flags, chosen: Any, otherwise: Any) -> pa.Array:
    """Row by row one or the other; None is a missing value."""
    if chosen is None:
        chosen = pa.scalar(None, pa.string())
    if otherwise is None:
        otherwise = pa.scalar(None, pa.string())
    return pc.if_else(pa.array(flags), chosen, otherwise)


def replaced(texts: pa.Array, rows: Ints, by: pa.Array) -> pa.Array:
    """The texts with those of some rows (in ascending order) replaced."""
    if not len(rows):
        return texts
    mask = np.zeros(len(texts), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), by)
