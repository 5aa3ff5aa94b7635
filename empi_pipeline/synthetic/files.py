"""A synthetic population as files: one folder a delivery and source, the truth, and a summary."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.synthetic.deliveries import MOST_DELIVERIES, delivery_date
from empi_pipeline.synthetic.population import Delivered, Plan, blocks

Format = Literal["csv", "ndjson", "parquet"]

TRUTH_COLUMNS: Final = ("data_source", "source_person_id", "human")


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written.

    Attributes:
        folder: Where.
        deliveries: Folder of each delivery -> source -> rows.
        records: Rows, all together.
        identities: Source identities: the rows of the truth.
        humans: Who they are about.
        made: What was made, by kind: humans and rows.
        seed: To make the same again.
    """

    folder: Path
    deliveries: dict[str, dict[str, int]]
    records: int
    identities: int
    humans: int
    made: dict[str, int]
    seed: int


def generate(
    plan: Plan, folder: Path, file_format: Format = "csv", tell: Callable[[int], None] | None = None
) -> Summary:
    """Write `<folder>/<date>/<source>/person_records.<format>`, `truth.csv` and, when all is whole, `summary.json`.

    Args:
        plan: What to make.
        folder: Does not exist yet, or is empty.
        file_format: Of the deliveries.
        tell: Told how many rows are written.

    Raises:
        ConfigurationError: The folder is in use or cannot be written, or the plan asks for what there is not.
    """
    _check(plan, folder)
    made: Counter[str] = Counter()
    rows: dict[str, dict[str, int]] = {}
    try:
        with ExitStack() as open_files:
            folder.mkdir(parents=True, exist_ok=True)
            truth = open_files.enter_context((folder / "truth.csv").open("wb"))
            truth.write(_csv_header(TRUTH_COLUMNS))
            sinks: dict[tuple[str, int], Callable[[pa.Table], None]] = {}
            for block in blocks(plan):
                made += block.made
                for part in block.delivered:
                    name = delivery_date(plan.shares, part.delivery).isoformat()
                    place = (part.source, part.delivery)
                    if place not in sinks:
                        path = folder / name / part.source / f"person_records.{file_format}"
                        path.parent.mkdir(parents=True)
                        sinks[place] = open_files.enter_context(_sink(path, file_format, part.table.schema))
                    sinks[place](part.table)
                    truth.write(_csv(_truth(part)))
                    sources = rows.setdefault(name, {})
                    sources[part.source] = sources.get(part.source, 0) + part.table.num_rows
                if tell:
                    tell(sum(sum(sources.values()) for sources in rows.values()))
        counts = {name: count for name, count in sorted(made.items()) if name not in {"humans", "identities"}}
        summary = Summary(folder, rows, plan.records, made["identities"], made["humans"], counts, plan.seed)
        (folder / "summary.json").write_text(json.dumps(asdict(summary) | {"folder": None}, indent=2), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written ({error.strerror})") from None
    return summary


def _check(plan: Plan, folder: Path) -> None:
    if plan.records < 1:
        raise ConfigurationError(f"--records must be 1 or more, not {plan.records}")
    if not 1 <= plan.deliveries <= MOST_DELIVERIES:
        raise ConfigurationError(f"--deliveries must be from 1 to {MOST_DELIVERIES}, not {plan.deliveries}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} exists and is not an empty folder: name another with --out, or remove it")


def _truth(part: Delivered) -> pa.Table:
    """Each source identity once, and the human it belongs to."""
    columns = [part.table["data_source"], part.table["source_person_id"], part.humans]
    return pa.table(columns, names=TRUTH_COLUMNS).filter(part.is_first)


@contextmanager
def _sink(path: Path, file_format: Format, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    if file_format == "parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            yield writer.write_table
        return
    encode = _csv if file_format == "csv" else _ndjson
    with path.open("wb") as file:
        if file_format == "csv":
            file.write(_csv_header(tuple(schema.names)))
        yield lambda table: _write(file, encode(table))


def _write(file: BinaryIO, content: bytes | memoryview) -> None:
    file.write(content)


def _csv_header(names: tuple[str, ...]) -> bytes:
    return (",".join(names) + "\n").encode()


def _csv(table: pa.Table) -> memoryview:
    """The rows as CSV; only values that need quotes have them, and a missing value is empty."""
    columns = [_quoted(column.combine_chunks()) for column in table.columns]
    return _bytes_of([each for column in columns for each in (column, ",")][:-1])


def _quoted(column: pa.Array) -> pa.Array:
    column = pc.fill_null(column, "")
    needs = pc.match_substring_regex(column, '[,"\r\n]')
    if not pc.any(needs).as_py():
        return column
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(needs, quoted, column)


def _ndjson(table: pa.Table) -> memoryview:
    """One JSON object a line; a missing value has no key."""
    parts: list[pa.Array | str] = []
    for place, name in enumerate(table.column_names):
        escaped = pc.replace_substring_regex(table[name].combine_chunks(), r'(["\\])', r"\\\1")
        opening = "{" if place == 0 else ","  # data_source is never missing.
        value = pc.binary_join_element_wise(f'{opening}"{name}":"', escaped, '"', "")
        parts.append(pc.fill_null(value, ""))
    return _bytes_of([*parts, "}"])


def _bytes_of(parts: list[pa.Array | str]) -> memoryview:
    """Each row's parts one after the other and a line end: the data buffer of the joined text is the content."""
    lines = pc.binary_join_element_wise(*parts, "\n", "")
    if not len(lines):
        return memoryview(b"")
    _, offsets, content = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(content)[ends[0] : ends[-1]]
