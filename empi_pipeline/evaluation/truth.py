"""Reading a file of known truth: which source identities are one human."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

import pyarrow as pa

from empi_pipeline.errors import EmpiError

HUMAN_COLUMNS: Final = ("human", "human_id", "cluster", "cluster_id", "entity_id", "person", "person_id", "truth")
"""Names of the third column that are understood without being told."""

TRUTH_SCHEMA: Final = pa.schema(
    [
        ("identity_no", pa.int64()),
        ("data_source", pa.string()),
        ("source_person_id", pa.string()),
        ("human_no", pa.int64()),
    ]
)
"""A known source identity: the line of the file it stands on, its name, and the number of its human."""


class TruthError(EmpiError):
    """The file of known truth cannot be used; the message names file, line and column, never a value."""

    exit_code = 2


def read_truth(path: Path, human_column: str | None = None) -> pa.Table:
    """The known truth.

    CSV with a header (a tab in `.tsv`; `.gz` is unpacked) or Parquet. Needed columns: data_source, source_person_id,
    and one that says which human: identities with the same text there, whatever it is, are one human. Other columns
    are passed over. A source identity may be named again with the same human, not with another one.

    Args:
        path: The file.
        human_column: The column that says which human; by default the only one of `HUMAN_COLUMNS` that is there.

    Returns:
        `TRUTH_SCHEMA`, in the order of the file.

    Raises:
        TruthError: The file cannot be read, lacks a column, or has a row without a value.
    """
    humans: dict[str, int] = {}
    rows: list[tuple[int, str, str, int]] = []
    for line, source, number, human in _rows(path, human_column):
        if not source or not number or not human:
            missing = ("data_source", "source_person_id", "human")[
                [bool(source), bool(number), bool(human)].index(False)
            ]
            raise TruthError(f"{path}, line {line}: {missing} is empty; leave out what is not known")
        rows.append((line, source, number, humans.setdefault(human, len(humans) + 1)))
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, TRUTH_SCHEMA, strict=True)],
        schema=TRUTH_SCHEMA,
    )


def _rows(path: Path, human_column: str | None) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    if not path.is_file():
        raise TruthError(f"{path}: there is no such file")
    if path.suffix == ".parquet":
        yield from _parquet_rows(path, human_column)
        return
    with (
        gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as binary,
        io.TextIOWrapper(binary, encoding="utf-8-sig", newline="") as text,
    ):
        try:
            yield from _csv_rows(path, text, human_column)
        except UnicodeDecodeError:
            raise TruthError(f"{path}: not UTF-8; save it as UTF-8") from None
        except (csv.Error, OSError, EOFError) as error:
            raise TruthError(f"{path}: cannot be read ({type(error).__name__})") from None


def _csv_rows(
    path: Path, text: TextIO, human_column: str | None
) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    delimiter = "\t" if path.name.removesuffix(".gz").endswith(".tsv") else ","
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header = next(reader, None)
    if header is None:
        raise TruthError(f"{path}: empty; its first line names the columns")
    source, number, human = _positions(path, header, human_column)
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise TruthError(f"{path}, line {reader.line_num}: {len(row)} fields, but the header has {len(header)}")
        yield reader.line_num, row[source], row[number], row[human]


def _parquet_rows(path: Path, human_column: str | None) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise TruthError(f"{path}: not readable as Parquet ({type(error).__name__})") from None
    source, number, human = (table.column(at) for at in _positions(path, table.column_names, human_column))
    texts = (column.cast(pa.string()).to_pylist() for column in (source, number, human))
    for row, values in enumerate(zip(*texts, strict=True), start=1):
        yield row, *values


def _positions(path: Path, header: list[str], human_column: str | None) -> tuple[int, int, int]:
    names = [name.strip().lower() for name in header]
    for needed in ("data_source", "source_person_id"):
        if needed not in names:
            raise TruthError(
                f"{path}, line 1: no column {needed}; there must be data_source, source_person_id and human"
            )
    if human_column is None:
        found = [name for name in HUMAN_COLUMNS if name in names]
        if len(found) != 1:
            what = f"several ({', '.join(found)})" if found else f"none of {', '.join(HUMAN_COLUMNS)}"
            raise TruthError(f"{path}, line 1: which column says the human? There is {what}; name it by --human COLUMN")
        human_column = found[0]
    if human_column.lower() not in names:
        raise TruthError(f"{path}, line 1: no column {human_column}, which --human names")
    return names.index("data_source"), names.index("source_person_id"), names.index(human_column.lower())
