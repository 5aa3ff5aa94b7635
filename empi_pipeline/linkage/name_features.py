"""What matching derives from a name alone, one name after the other: `sql/linkage/name_features.sql`, and its sets."""

# ruff: noqa: S608 - SQL is put together from names and statements of ours.

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import duckdb
import pyarrow as pa

from empi_pipeline.linkage.nicknames import sets_of_names
from empi_pipeline.sql import load
from empi_pipeline.standing import INCOMING, StandingQuery

_REMEMBERED: Final = 50_000
"""Names whose features are kept in memory; those of candidates are mostly those of the incoming record."""


@dataclass(frozen=True, slots=True)
class NameTold:
    """What a name tells: its words, its sound, and the sets of forms of one name that it, or its first word, is in."""

    words: list[str] | None
    sound: str | None
    sets: list[int] | None


_NO_NAME: Final = NameTold(None, None, None)


class NameFeatures:
    """Features of names. Not for several threads at once."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the query; `con` as for `RecordScorer`."""
        query = StandingQuery(
            con,
            f"with names as (select * from {INCOMING}) select * from ({load('linkage/name_features')}) as told",
            pa.schema([("name", pa.string())]),
        )
        sets = sets_of_names()

        @lru_cache(maxsize=_REMEMBERED)
        def told(name: str) -> NameTold:
            (row,) = query.run([{"name": name}])
            return NameTold(row["words"], row["sound"], sets.get(name, sets.get(row["words"][0])))

        self._told = told

    def of(self, name: str | None) -> NameTold:
        """What a name tells; nothing if there is none."""
        return _NO_NAME if name is None else self._told(name)
