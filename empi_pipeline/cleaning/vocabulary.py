"""The word lists as DuckDB tables, so that stages can join them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.cleaning.words import people, places, streets, surnames

VOCABULARIES: Final[Mapping[str, Mapping[str, str]]] = {
    "suffix": people.SUFFIXES,
    "surname": {name: name for name in sorted(surnames.COMMON_SURNAMES)},
    "sex": people.SEXES,
    "month": people.MONTHS,
    "state": places.STATE_NAMES,
    "zero_zip": places.ZERO_ZIP_PREFIXES,
    "street": streets.SUFFIXES,
    "placeholder_person": dict.fromkeys(people.PLACEHOLDER_PEOPLE, ""),
}
"""Name to `word -> standard`; a stage sees it through a `Lookup`."""


@contextmanager
def registered(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Make every word list a table `vocabulary_<name>(word, standard)` for the duration."""
    try:
        for name, words in VOCABULARIES.items():
            columns = {"word": pa.array(words.keys(), pa.string()), "standard": pa.array(words.values(), pa.string())}
            con.register(f"vocabulary_{name}", pa.table(columns))
        yield
    finally:
        for name in VOCABULARIES:
            con.unregister(f"vocabulary_{name}")
