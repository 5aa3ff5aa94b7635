"""The least that a load must cost: its rows copied into Postgres and out again, and Splink's own scoring, in memory."""

from collections.abc import Callable

import pyarrow as pa

from benchmarks.speed.plain_splink import plain_scores
from empi_pipeline import linkage
from empi_pipeline.linkage import key_index, registry
from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch

_COLUMNS = ", ".join(PERSON_RECORD_COLUMNS)
_ROWS = pa.schema([(name, pa.string()) for name in PERSON_RECORD_COLUMNS])


class Floor:
    """The floor under a batch that is applied already; what is not part of it is read at the making.

    Attributes:
        records: Records of the batch.
        candidates: Records of the index that Splink compares them with.
    """

    def __init__(self, connection: Connection, batch_id: str) -> None:
        self._connection = connection
        query = f"select {_COLUMNS} from raw.person_records where batch_id = %(batch)s"
        self._rows = copy_out(connection, query, _ROWS, {"batch": batch_id})
        self._cleaned = key_index.cleaned_of_batch(connection, batch_id)
        registered = registry.ensure_active(connection)
        self._model = registered.model
        self._frequencies = registry.term_frequencies(connection, registered.model_id)
        with open_scratch() as con:
            keys = linkage.blocking_keys(con, self._cleaned, self._model)
        lookups = linkage.blocking_lookups(self._model)
        found = key_index.candidates(connection, registered.model_id, keys, lookups)
        own = pa.compute.is_in(found["record_id"], value_set=self._cleaned["record_id"].combine_chunks())
        self._candidates = found.filter(pa.compute.invert(own))
        self.records, self.candidates = self._cleaned.num_rows, self._candidates.num_rows

    def copy(self) -> None:
        """The rows, as delivered, into a table without indexes and out again."""
        self._connection.execute(f"create table floor as select {_COLUMNS} from raw.person_records limit 0")
        copy_in(self._connection, "floor", self._rows)
        copy_out(self._connection, f"select {_COLUMNS} from floor", _ROWS)
        self._connection.execute("drop table floor")

    def score(self) -> None:
        """Splink's own blocking and scoring of the cleaned records, and their candidates, with the same model."""
        with open_scratch() as con:
            plain_scores(con, self._model, self._frequencies, pa.concat_tables([self._cleaned, self._candidates]))

    def parts(self) -> dict[str, Callable[[], None]]:
        """By name, in order."""
        return {"copy": self.copy, "score": self.score}
