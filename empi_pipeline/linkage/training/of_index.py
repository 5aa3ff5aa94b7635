"""Training on the records of the index: what is read from Postgres, and the new model with its provenance stored."""

import csv
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
from psycopg import IsolationLevel, sql

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.linkage import key_index, registry
from empi_pipeline.linkage.index_scoring import newest_change
from empi_pipeline.linkage.pair_explanation import cleaned_of_records
from empi_pipeline.linkage.registry import Connect, RegisteredModel
from empi_pipeline.linkage.training.report import TrainingReport
from empi_pipeline.linkage.training.train import LABEL_SCHEMA, Judged, Trained, TrainingChoices, train
from empi_pipeline.postgres import Connection, copy_in, copy_out
from empi_pipeline.sql import load

LABEL_COLUMNS: Final = (
    "data_source_l",
    "source_person_id_l",
    "data_source_r",
    "source_person_id_r",
    "is_match",
)
"""Columns of a file of labelled pairs; `is_match` is 1 or 0."""

_LABEL_READ: Final = pa.schema([*[LABEL_SCHEMA.field(at) for at in (0, 1)], ("is_match", pa.int64())])
_COLUMNS: Final = sql.SQL(", ").join(sql.Identifier("cleaned", name) for name in key_index.CLEANED_SCHEMA.names)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a trained model comes from.

    Attributes:
        start_model_id: The model that training started from.
        records: Records of the index then.
        seen_change_id: The newest identity change then.
        report: What training found.
        trained_at: When.
        trained_by: By whom.
    """

    start_model_id: int
    records: int
    seen_change_id: int
    report: TrainingReport
    trained_at: datetime
    trained_by: str


def train_on_index(
    connect: Connect,
    scratch: duckdb.DuckDBPyConnection,
    *,
    name: str,
    trained_by: str,
    start: int | str | None = None,
    choices: TrainingChoices | None = None,
    labels: pa.Table | None = None,
    decisions: pa.Table | None = None,
) -> tuple[RegisteredModel, Trained]:
    """Train a new model from the records of the index. It is registered with where it comes from, and not activated.

    The same records, seed and start give the same model, which is then the one there is already.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        name: Of the new model.
        trained_by: Who asked for it.
        start: Number or name of the model to start from; the active one when None.
        choices: How to train.
        labels: Labelled pairs of source identities, as `read_labels` reads them.
        decisions: Judged pairs of records (record_id_l, record_id_r, is_match), of the doubtful ones.

    Raises:
        NotFoundError: There is no such model.
        TrainingError: There are no records.
    """
    choices = choices or TrainingChoices()
    with connect() as connection:
        before = registry.ensure_active(connection) if start is None else registry.get(connection, start)
    with connect() as connection:
        # One snapshot: records, labels and decisions are of one moment.
        connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        seen = newest_change(connection)
        records = index_size(connection)
        cleaned = _sample(connection, choices, records)
        judged = _judged(connection, labels, decisions)
    choices = replace(choices, minds_shared_values=before.guards)
    trained = train(scratch, cleaned, before.model, name, choices, judged)
    with connect() as connection:
        registered = registry.create_model(connection, trained.model, guards=before.guards, created_by=trained_by)
        if registered.model_id != before.model_id:
            connection.execute(
                load("linkage/training_create"),
                {
                    "model_id": registered.model_id,
                    "start_model_id": before.model_id,
                    "seed": choices.seed,
                    "records": records,
                    "sampled_records": trained.report.sampled_records,
                    "labelled_pairs": trained.report.labelled_pairs,
                    "decided_pairs": trained.report.decided_pairs,
                    "seen_change_id": seen,
                    "report": json.dumps(trained.report.as_json()),
                    "trained_by": trained_by,
                },
            )
    return registered, trained


def provenance(connection: Connection, model_id: int) -> Provenance | None:
    """Where a model comes from; None if it was not trained here."""
    row = connection.execute(load("linkage/training_of_model"), {"model_id": model_id}).fetchone()
    if row is None:
        return None
    start, records, seen, report, at, by = row
    return Provenance(start, records, seen, TrainingReport.from_json(report), at, by)


def read_labels(file: Path) -> pa.Table:
    """Labelled pairs from a CSV file with the columns `LABEL_COLUMNS`.

    Raises:
        ConfigurationError: The file cannot be read, or a line does not fit; the line is named, never quoted.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            missing = [column for column in LABEL_COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise ConfigurationError(f"{file}: lacks the columns {', '.join(missing)}")
            rows = []
            for row in reader:
                said = (row["is_match"] or "").strip().lower()
                if said not in _SAID or not all((row[column] or "").strip() for column in LABEL_COLUMNS):
                    raise ConfigurationError(f"{file}, line {reader.line_num}: needs two identities, is_match 1 or 0")
                rows.append([*(row[column].strip() for column in LABEL_COLUMNS[:-1]), _SAID[said]])
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from None
    columns = list(zip(*rows, strict=True)) or [[] for _ in LABEL_COLUMNS]
    names = ("source_l", "id_l", "source_r", "id_r", "is_match")
    kinds = [pa.string()] * 4 + [pa.bool_()]
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, kinds, strict=True)})


_SAID: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def sample_of_index(connection: Connection, seed: int, most: int) -> pa.Table:
    """Cleaned records of the index: all, or about so many where there are many more."""
    return _sample(connection, TrainingChoices(seed=seed, most_records=most), index_size(connection))


def index_size(connection: Connection) -> int:
    """How many records belong to persons."""
    row = connection.execute("select count(*) from identity.membership").fetchone()
    assert row is not None
    return int(row[0])


def _sample(connection: Connection, choices: TrainingChoices, records: int) -> pa.Table:
    if records <= 2 * choices.most_records:
        return key_index.cleaned_of_index(connection)
    query = sql.SQL(load("linkage/sample_of_index")).format(columns=_COLUMNS)
    # A little more than is wanted: the draw is by chance, and `sampled` takes the exact number.
    part = 1.1 * choices.most_records / records
    return copy_out(connection, query, key_index.CLEANED_SCHEMA, {"seed": choices.seed, "part": part})


def _judged(connection: Connection, labels: pa.Table | None, decisions: pa.Table | None) -> Judged | None:
    empty = LABEL_SCHEMA.empty_table()
    labelled = empty if labels is None else _labelled(connection, labels)
    decided = empty if decisions is None else decisions
    asked = sorted(
        {
            record
            for pairs in (labelled, decided)
            for side in ("record_id_l", "record_id_r")
            for record in pairs[side].to_pylist()
        }
    )
    if not asked:
        return None
    records = cleaned_of_records(connection, asked)
    return Judged(records, labelled, decided)


def _labelled(connection: Connection, labels: pa.Table) -> pa.Table:
    connection.execute(
        "create temporary table labels (source_l text, id_l text, source_r text, id_r text, is_match boolean)"
        " on commit drop"
    )
    copy_in(connection, "labels", labels)
    found = copy_out(connection, load("linkage/labelled_records"), _LABEL_READ)
    return found.set_column(2, "is_match", found["is_match"].cast(pa.bool_()))
