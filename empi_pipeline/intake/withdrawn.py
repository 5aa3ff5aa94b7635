"""Rows of withdrawn source identities are rejected, and nothing of them is kept, until the withdrawal is lifted."""

from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.intake.rows import REJECTED_SCHEMA
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

REASON: Final = "withdrawn"

_DIGESTS: Final = pa.schema([("identity_digest", pa.binary())])


class WithdrawnIdentities:
    """The tombstones in force, as of the transaction in which they were read.

    Whoever stores rows by them shares `storing_records` until its transaction ends: else a source identity could be
    withdrawn between looking and storing.
    """

    def __init__(self, connection: Connection, con: duckdb.DuckDBPyConnection) -> None:
        """Read the tombstones.

        Args:
            connection: The caller's transaction.
            con: Scratch database; used for hashing, and left as it was.
        """
        self._con = con
        self._digests = copy_out(connection, load("intake/withdrawn_digests"), _DIGESTS)
        row = connection.execute("select salt from empi.installation").fetchone()
        assert row is not None
        self._salt: str = row[0]

    def set_apart(self, accepted: pa.Table) -> tuple[pa.Table, pa.Table]:
        """The rows that may be stored, and those of withdrawn identities as rejected rows without content.

        Args:
            accepted: `ACCEPTED_SCHEMA`.
        """
        if not self._digests.num_rows or not accepted.num_rows:
            return accepted, REJECTED_SCHEMA.empty_table()
        self._con.register("delivered_rows", accepted.select(["line_number", "data_source", "source_person_id"]))
        self._con.register("withdrawn_digests", self._digests)
        try:
            found = self._con.sql(load("intake/withdrawn_rows"), params={"salt": self._salt}).to_arrow_table()
        finally:
            self._con.unregister("delivered_rows")
            self._con.unregister("withdrawn_digests")
        lines = found.column("line_number").combine_chunks()
        if not len(lines):
            return accepted, REJECTED_SCHEMA.empty_table()
        nothing = pa.nulls(len(lines), pa.string())
        rejected = pa.table(
            [lines, pa.array([REASON] * len(lines)), nothing, nothing.cast(pa.binary())], REJECTED_SCHEMA.names
        )
        kept = accepted.filter(pc.invert(pc.is_in(accepted["line_number"], value_set=lines)))
        return kept, rejected.cast(REJECTED_SCHEMA)
