"""Stewards' decisions as judged pairs, for whoever learns from them. Changes nothing."""

from typing import Final

import pyarrow as pa

from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

_READ: Final = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64()), ("is_match", pa.int64())])


def judged_pairs(connection: Connection) -> pa.Table:
    """Pairs of records with a decision in force.

    Returns:
        record_id_l < record_id_r, is_match (bool): must-link or cannot-link; a cannot-link wins.
    """
    found = copy_out(connection, load("identity/judged_pairs"), _READ)
    return found.set_column(2, "is_match", found["is_match"].cast(pa.bool_()))
