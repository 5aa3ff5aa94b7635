"""Parquet, row group by row group; line numbers are row numbers, from 1."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import IO

import pyarrow as pa
import pyarrow.parquet

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.formats import ByteStream
from empi_pipeline.intake.layout import ColumnPlan, ReadLimits, SourceLayout, plan_columns
from empi_pipeline.intake.rows import ParsedRows
from empi_pipeline.intake.typed_text import as_text

_COPY_BYTES = 1 << 20


class ParquetReader:
    """Reads one object, from a private temporary copy: Parquet is read from its end."""

    def __init__(self, stream: ByteStream, object_name: str, layout: SourceLayout, limits: ReadLimits) -> None:
        """Copy the object and read its schema.

        Raises:
            UnreadableObjectError: Not a Parquet file, or no usable columns.
        """
        self._object_name = object_name
        self._limits = limits
        self._copy: IO[bytes] = tempfile.TemporaryFile(prefix="empi-intake-")  # noqa: SIM115  # Closed by rows().
        try:
            while block := stream.read(_COPY_BYTES):
                self._copy.write(block)
            self._copy.seek(0)
            self._file = pa.parquet.ParquetFile(self._copy)
            self.plan: ColumnPlan = plan_columns(self._file.schema_arrow.names, layout, limits, object_name)
        except BaseException as error:
            self._copy.close()
            if isinstance(error, (pa.ArrowException, OSError)):
                raise self._damaged() from None
            raise

    def rows(self) -> Iterator[ParsedRows]:
        """The rows in order.

        Raises:
            UnreadableObjectError: Damaged inside.
        """
        row_number = 1
        with self._copy:
            batches = self._file.iter_batches(batch_size=min(self._limits.max_batch_rows, 65_536), use_threads=True)
            while True:
                try:
                    batch = next(batches, None)
                    cells = [as_text(column) for column in batch.columns] if batch is not None else []
                except (pa.ArrowException, OSError):  # Their texts may quote values.
                    raise self._damaged() from None
                if batch is None:
                    return
                numbers = pa.arange(row_number, row_number + batch.num_rows)
                row_number += batch.num_rows
                yield ParsedRows(self.plan, cells, numbers, partial(_as_json_line, self.plan, cells))

    def _damaged(self) -> UnreadableObjectError:
        return UnreadableObjectError(
            "bad_parquet",
            f"{self._object_name}: the Parquet data is damaged, incomplete or encrypted; deliver it again",
        )


def _as_json_line(plan: ColumnPlan, cells: list[pa.Array], at: int) -> bytes:
    """A rejected row as `name=value` lines; Parquet has no rows of bytes that could be kept as delivered."""
    named = sorted((position, name) for name, position in (*plan.positions.items(), *plan.extra))
    lines = []
    for position, name in named:
        value = cells[position][at].as_py()
        with suppress(AttributeError):
            value = value.encode()
        if value:
            lines.append(name.encode() + b"=" + value)
    return b"\n".join(lines)
