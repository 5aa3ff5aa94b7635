"""New person ids: random UUIDs, version 4, many at a time."""

import binascii
import os

import numpy as np
import pyarrow as pa


def new_person_ids(count: int) -> pa.Array:
    """Random version 4 UUIDs in ascending order, which makes the indexes of a large load several times faster.

    Args:
        count: How many.

    Returns:
        Text of 36 characters each.
    """
    if not count:
        return pa.array([], pa.string())
    octets = np.frombuffer(os.urandom(16 * count), np.uint8).reshape(count, 16).copy()
    octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
    octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
    # By their first half, which is random enough to hardly ever tie.
    octets = octets[np.argsort(octets[:, :8].copy().view(">u8").ravel().astype(np.uint64))]
    digits = np.frombuffer(binascii.hexlify(octets.tobytes()), np.uint8).reshape(count, 32)
    text = np.full((count, 36), ord("-"), np.uint8)
    for start, end, shift in ((0, 8, 0), (8, 12, 1), (12, 16, 2), (16, 20, 3), (20, 32, 4)):
        text[:, start + shift : end + shift] = digits[:, start:end]
    offsets = np.arange(0, 36 * (count + 1), 36, dtype=np.int64)
    return pa.Array.from_buffers(
        pa.large_string(), count, [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text.tobytes())]
    ).cast(pa.string())
