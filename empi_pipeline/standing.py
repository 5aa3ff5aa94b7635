"""DuckDB queries that are set up once and then kept running: for one record, setting up takes far longer than running.

Each time a query runs, planned or not, DuckDB (2.0) sets up every expression of it anew: a place for 2,048 results, a
compiled regular expression. For the hundreds of expressions that clean or score a record that takes twenty times as
long as computing them once. So here a query never ends: it reads from a stream, which hands it the rows of one question
after the other, and gives each answer as soon as its rows have passed.

Rows pass one by one only through projections. A join, a filter or an aggregate holds rows back until it has many, so a
query here is a `select` of expressions over one table; what would be a join is a function (`add_function`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling

SCRATCH: Final[Mapping[str, Any]] = {"threads": 1, "without_optimizers": ("in_clause",), "locked": False}
"""How to open the scratch (`open_scratch`) for these queries. One thread: more would read the stream ahead. Without the
optimizer that makes a hash join of a list of words. Lock it (`scratch.lock`) when they are made."""

INCOMING: Final = "incoming"
"""The table that a query reads."""

TICKET: Final = "ticket"
"""A column beside those of the rows, which a query must hand through: it tells which answer belongs to which row."""

_serial: Final = count()
_PATIENCE: Final = 100
"""Rows in vain until the stream ends, which makes DuckDB give out what it holds back. Then the query starts anew."""


class StandingQuery:
    """One query over rows that come with each question. Not for several threads at once, as its connection is not."""

    def __init__(self, con: duckdb.DuckDBPyConnection, query: str, columns: pa.Schema) -> None:
        """Make it; it is planned when it is asked first.

        Args:
            con: A DuckDB connection opened as `SCRATCH` says, and not locked yet.
            query: A projection of `INCOMING`, with `TICKET` among its columns.
            columns: Of the rows.
        """
        self._cursor = con.cursor()
        # Else DuckDB would read thousands of rows before it gives out the first.
        self._cursor.execute("set streaming_buffer_size = '1 byte'")
        self._query = query
        self._columns = columns.append(pa.field(TICKET, pa.int64()))
        self._stream = _Stream(self._columns)
        self._tickets = 0

    def run(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Ask it.

        Args:
            rows: By column; one that is absent is NULL.

        Returns:
            A row of the result, by column, for each of the rows, in their order.
        """
        asked = range(self._tickets, self._tickets + len(rows))
        self._tickets = asked.stop
        if not rows:
            return []
        self._stream.ask([{**row, TICKET: ticket} for row, ticket in zip(rows, asked, strict=True)])
        try:
            return self._answer(asked)
        except BaseException:
            # Whatever failed, or was interrupted: what is under way must not become the answer to another question.
            self._stream.is_open = False
            self._cursor.abort()
            raise

    def _answer(self, asked: range) -> list[dict[str, Any]]:
        if not self._stream.is_open:
            self._start()
        names = [column[0] for column in self._cursor.description or []]
        found: list[dict[str, Any]] = []
        while len(found) < len(asked):
            row = self._cursor.fetchone()
            if row is None:
                if self._stream.waiting is None:
                    raise RuntimeError("a standing query lost a row: it is no projection")
                self._start()  # The stream ended before these rows came in.
                continue
            answer = dict(zip(names, row, strict=True))
            ticket = answer.pop(TICKET)
            if ticket is None:
                continue
            if ticket != asked[len(found)]:
                raise RuntimeError("a standing query gave its rows in another order: it is no projection")
            found.append(answer)
        return found

    def _start(self) -> None:
        self._cursor.abort()
        self._cursor.register(INCOMING, pa.RecordBatchReader.from_batches(self._columns, self._stream.batches()))
        self._cursor.execute(self._query)


class _Stream:
    """The rows of one question after the other, and of nothing in between.

    Apart from the query, because DuckDB holds on to it: with a way back to the cursor both would live for ever.
    """

    def __init__(self, columns: pa.Schema) -> None:
        self._columns = columns
        self._nothing = pa.RecordBatch.from_pylist([{}], columns)
        self._in_vain = 0
        self.waiting: pa.RecordBatch | None = None
        self.is_open = False

    def ask(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.waiting = pa.RecordBatch.from_pylist(rows, self._columns)
        self._in_vain = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        self.is_open = True
        # DuckDB looks for more before it gives out what it has: then it gets a row of nothing.
        while self._in_vain < _PATIENCE:
            self._in_vain += 1
            batch, self.waiting = self.waiting, None
            yield batch or self._nothing
        self.is_open = False


def add_function(
    con: duckdb.DuckDBPyConnection, function: Callable[..., Any], arguments: Sequence[str], result: str
) -> str:
    """Make a function of Python known to DuckDB, and return its name there.

    Args:
        con: Where; cursors of it know the function, too.
        function: Gets None for NULL.
        arguments: Types.
        result: Type.
    """
    name = f"function_{next(_serial)}"
    con.create_function(name, function, list(arguments), result, null_handling=FunctionNullHandling.SPECIAL)
    return name
