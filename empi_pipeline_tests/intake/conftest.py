"""One scratch database for the tests of reading: they leave nothing in it."""

from collections.abc import Iterator

import duckdb
import pytest

from empi_pipeline.scratch import open_scratch


@pytest.fixture(scope="session")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch() as con:
        yield con
