"""An index of a synthetic population, loaded by the real pipeline and kept in a folder, with two large cases in it."""

import csv
import itertools
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg import sql

from benchmarks.speed.loads import bring_in, people, run
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.identity.reports import Report, report
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.schema import PERSON_RECORD_COLUMNS

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline

BATCH: Final = 100_000
"""Records of the batch that is applied while stewards save; a tenth of smaller indexes."""
LARGE: Final = (60, 400)
"""Persons of the large cases."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index on running servers.

    Attributes:
        url: Of a database of its own, which ends with it.
        batch_id: A batch that is not loaded yet.
        pipeline: Its servers.
    """

    url: str
    batch_id: str
    pipeline: "Pipeline"


@contextmanager
def index(folder: Path, size: int, seed: int) -> Iterator[Index]:
    """A fresh copy of the index that the folder keeps, which is made where it is missing.

    Args:
        folder: Where servers and index are kept.
        size: Records of the first load.
        seed: Of the population.
    """
    from empi_pipeline.automation.local import pipeline, prepare_dagster_storage

    folder.mkdir(parents=True, exist_ok=True)
    os.environ["EMPI_HOME"] = str(folder)
    for name in ("DAGSTER_HOME", "EMPI_POSTGRES_URL", "EMPI_DAGSTER_POSTGRES_URL", "EMPI_S3_BUCKET", "EMPI_CONFIG"):
        os.environ.pop(name, None)
    made = folder / f"made-{size}-{seed}.json"
    with pipeline() as running:
        prepare_dagster_storage()
        if not made.exists():
            made.write_text(json.dumps({"batch_id": _make(running, folder, size, seed)}), encoding="utf-8")
        batch_id = json.loads(made.read_text(encoding="utf-8"))["batch_id"]
        kept, url = running.servers.postgres_url, database_url(running.servers.postgres_url, "measured")
        with connect(database_url(kept, "postgres"), autocommit=True) as connection:
            drop = sql.SQL("drop database if exists measured with (force)")
            connection.execute(drop)
            connection.execute("create database measured template empi strategy file_copy")
            try:
                with connect(url, autocommit=True) as measured:
                    measured.execute("vacuum analyze")
                    measured.execute("checkpoint")
                yield Index(url, batch_id, running)
            finally:
                connection.execute(drop)


def _make(running: "Pipeline", folder: Path, size: int, seed: int) -> str:
    """Load the population and the large cases; the id of a batch that is left for later."""
    with running.connect() as connection:
        if connection.execute("select count(*) from intake.batches").fetchone() != (0,):
            raise SystemExit(f"{folder} keeps another index: name another folder, or remove this one")
    first, second = people(folder / "people", size, min(BATCH, size // 10), seed).deliveries
    run(running, bring_in(running, folder / "people" / first), lambda _: None)
    for count in LARGE:
        name = f"crowd-{count}"
        _write_crowd(folder / "people" / name / name / "crowd.csv", count, seed)
        run(running, bring_in(running, folder / "people" / name), lambda _: None)
        with running.connect() as connection:
            _ask_about_all(connection, name)
    return bring_in(running, folder / "people" / second)


def _write_crowd(path: Path, count: int, seed: int) -> None:
    """People with one surname who have nothing else in common, so that the model leaves each a person."""
    dice = random.Random(f"{seed} {count}")
    path.parent.mkdir(parents=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, PERSON_RECORD_COLUMNS, restval="", lineterminator="\n")
        rows.writeheader()
        for number in range(count):
            rows.writerow(
                {
                    "data_source": path.parent.name,
                    "source_person_id": f"{number}",
                    "first_name": "".join(dice.choices("abdeiklmnorstu", k=9)).title(),
                    "last_name": f"Castellanos{path.parent.name.replace('-', '')}",
                    "sex": dice.choice("FM"),
                    "birth_date": f"{dice.randint(1930, 2005)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
                    "social_security_number": f"{dice.randint(101, 599)}{dice.randint(101, 999):03}{number + 101:03}",
                    "address": f"{dice.randint(100, 9999)} Example Street",
                    "city": "Springfield",
                    "state": "OH",
                    "zip_code": f"45{dice.randint(100, 999)}",
                    "phone": f"937-{dice.randint(200, 999)}-{dice.randint(1000, 9999)}",
                }
            )


def _ask_about_all(connection: Connection, data_source: str) -> None:
    """Make one case of a source's persons: each scored like the one before, as some pair in question was scored."""
    records = [
        record
        for (record,) in connection.execute(
            "select record_id from raw.person_records where data_source = %s order by record_id", [data_source]
        )
    ]
    pairs = list(itertools.pairwise(records))
    connection.execute(
        "insert into matching.predictions (batch_id, model_id, record_id_l, record_id_r, match_weight,"
        " match_probability, levels, weights)"
        " select like_this.batch_id, like_this.model_id, l, r, like_this.match_weight, like_this.match_probability,"
        " like_this.levels, like_this.weights from unnest(%s::bigint[], %s::bigint[]) as pair (l, r),"
        " (select prediction.* from matching.predictions as prediction join identity.case_pairs as asked using"
        " (record_id_l, record_id_r) where asked.reason = 'potential_match' limit 1) as like_this"
        " on conflict do nothing",
        [[left for left, _ in pairs], [right for _, right in pairs]],
    )
    connection.commit()
    report(connection, [Report(left, right, "same") for left, right in pairs], actor="benchmark", policy=None)
