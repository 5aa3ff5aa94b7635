"""What makes predictions of prepared records: DuckDB in this process, or Spark where one machine is not enough.

Cleaning, features, keys and frequencies grow with the records and are DuckDB's in either case; an engine does what
grows with the pairs. Whichever it is, the same pairs get the same weights: both run the same SQL on each pair.
"""

import os
from collections.abc import Iterator
from typing import Final, Protocol

import pyarrow as pa

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.linkage.prepared import PreparedRecords

ENGINE: Final = "EMPI_ENGINE"
"""Environment variable: `duckdb` (the default) or `spark`."""


class PredictionEngine(Protocol):
    """Finds the pairs that share a block, and scores them."""

    def predictions(
        self,
        left: PreparedRecords,
        right: PreparedRecords,
        *,
        between: bool = False,
        chunks: int = 1,
        part: tuple[int, int] = (1, 1),
    ) -> Iterator[pa.Table]:
        """Predictions above the model's potential threshold, each pair once.

        Args:
            left: Records on the left side.
            right: Records on the right side; the same where pairs within are wanted.
            between: Take every pair of the two sides; else those whose left unique id is the lower one.
            chunks: Score in at least this many parts, one after the other, to bound memory.
            part: Only the pairs of one part of so many, drawn by a hash of the engine's own: (2, 5) is the second.

        Yields:
            Tables of `PREDICTION_SCHEMA`, at least one.
        """
        ...


def chosen_engine() -> PredictionEngine:
    """The engine that the environment names.

    Raises:
        ConfigurationError: It names none that there is, or one whose packages are missing.
    """
    name = os.environ.get(ENGINE, "duckdb").strip().lower()
    if name == "duckdb":
        from empi_pipeline.linkage.duckdb_engine import DuckDBEngine

        return DuckDBEngine()
    if name == "spark":
        from empi_pipeline.linkage.spark import SparkEngine

        return SparkEngine()
    raise ConfigurationError(f"{ENGINE} must be duckdb or spark")
