"""The one place that opens DuckDB: in-memory scratch for set work, never a system of record."""

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def open_scratch(
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    locked: bool = True,
    without_optimizers: Collection[str] = (),
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a private in-memory DuckDB that can reach neither files nor network.

    Args:
        memory_limit: Ceiling in DuckDB's notation (`"4GB"`); beyond it DuckDB spills to a private temporary folder.
        threads: Worker threads; DuckDB's default (all cores) when None.
        without_optimizers: Of DuckDB's optimizers those to leave out (`select * from duckdb_optimizers()`).
        locked: Lock the configuration, so that SQL of a user (Splink settings) cannot open it again.

    Yields:
        A connection; closed, and its spill folder deleted, at the end.
    """
    with tempfile.TemporaryDirectory(prefix="empi-scratch-") as spill:
        os.chmod(spill, 0o700)  # Spilled pages are PHI.
        con = duckdb.connect(":memory:")
        try:
            con.execute("set temp_directory = ?", [spill])
            con.execute("set autoinstall_known_extensions = false")
            con.execute("set autoload_known_extensions = false")
            con.execute("set preserve_insertion_order = false")
            # Slow queries would draw on stdout, into the results of a command.
            con.execute("set enable_progress_bar = false")
            if memory_limit:
                con.execute("set memory_limit = ?", [memory_limit])
            if threads:
                con.execute("set threads = ?", [threads])
            if without_optimizers:
                con.execute("set disabled_optimizers = ?", [",".join(without_optimizers)])
            con.execute("set enable_external_access = false")
            if locked:
                lock(con)
            yield con
        finally:
            con.close()


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Lock the configuration of a scratch that was opened unlocked."""
    con.execute("set lock_configuration = true")
