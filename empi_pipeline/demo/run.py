"""Runs the demonstration from an empty index to a published crosswalk."""

import csv
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from empi_pipeline.demo.deliveries import SETTINGS, Wave, waves
from empi_pipeline.demo.febrl import febrl_records
from empi_pipeline.demo.generated import SETTINGS as GENERATED_SETTINGS
from empi_pipeline.demo.generated import generated_waves
from empi_pipeline.errors import ConflictError, EmpiError
from empi_pipeline.evaluation.agreement import Agreement, agreement
from empi_pipeline.postgres import Connection
from empi_pipeline.settings import INBOX_PREFIX, home
from empi_pipeline.sql import load

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline

_MARK: Final = "made-by-empi-demo"

# What would lead the demo to servers, data or settings that are not its own.
_NOT_OURS: Final = (
    "EMPI_POSTGRES_URL", "EMPI_DAGSTER_POSTGRES_URL", "EMPI_S3_BUCKET", "EMPI_S3_ENDPOINT_URL", "DAGSTER_HOME",
    "AWS_PROFILE", "AWS_SESSION_TOKEN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoData:
    """What a demonstration delivers.

    Attributes:
        settings: Content of `empi.yaml`.
        make: Makes the deliveries and the truth, (data_source, source_person_id) -> human.
    """

    settings: str
    make: Callable[[], tuple[list[Wave], dict[tuple[str, str], str]]]


PUBLIC: Final = DemoData(SETTINGS, lambda: waves(febrl_records()))
"""FEBRL 3, delivered by three sources."""

GENERATED: Final = DemoData(GENERATED_SETTINGS, generated_waves)
"""A synthetic population, delivered by four sources."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration did. Seconds are wall clock; the crosswalk's rows are source identities.

    Attributes:
        home: Its `EMPI_HOME`.
        objects: Objects delivered.
        batches: Batches they came in.
        rows_delivered: Rows in them: new + known + rejected.
        rows_new: Accepted and stored.
        rows_known: Delivered before, unchanged.
        rejected_by_reason: Rows not accepted.
        persons: Persons at the end.
        duplicates: By data source: identities of a person that has another one in the same source.
        overlaps: Persons known to more than one source.
        review_cases: Open cases.
        agreement: With the truth.
        load_seconds: From the first delivery to the last publication.
        total_seconds: Everything, servers' start and imports too.
    """

    home: Path
    objects: int
    batches: int
    rows_delivered: int
    rows_new: int
    rows_known: int
    rejected_by_reason: dict[str, int]
    persons: int
    duplicates: dict[str, int]
    overlaps: int
    review_cases: int
    agreement: Agreement
    load_seconds: float
    total_seconds: float


def run_demo(tell: Callable[[str], None], source: DemoData) -> DemoResult:
    """Deliver, load and measure; what an earlier demo left is removed first.

    Args:
        tell: Told what is done now.
        source: What is delivered.

    Raises:
        ConflictError: `empi up` runs on the demo's home, or the folder is not the demo's.
        EmpiError: A batch failed.
    """
    started = time.monotonic()
    tell("starting PostgreSQL and S3")
    with _demo_home(source.settings) as folder:
        from empi_pipeline.automation.local import pipeline

        with pipeline() as running:
            tell("making the deliveries")
            deliveries, truth = source.make()
            _write_truth(folder, truth)
            loading = time.monotonic()
            batch_ids = [
                _bring_in(running, wave, f"delivery {number} of {len(deliveries)}", tell)
                for number, wave in enumerate(deliveries, start=1)
            ]
            load_seconds = time.monotonic() - loading
            with running.connect() as connection:
                return _measured(connection, folder, batch_ids, truth, load_seconds, started)


def _bring_in(running: "Pipeline", wave: Wave, called: str, tell: Callable[[str], None]) -> str:
    """Put the objects into the inbox and do what the sensor does when it sees them."""
    from empi_pipeline.cli.progress import named
    from empi_pipeline.intake import arrivals, ledger

    tell(f"{called}: putting {len(wave.objects)} objects into S3")
    store = running.object_store()
    for name, content in wave.objects.items():
        store.put(INBOX_PREFIX + name, BytesIO(content))
    listing = store.list(INBOX_PREFIX)
    with running.connect() as connection:
        plan = arrivals.plan(listing, ledger.known_arrivals(connection, listing), arrivals.BatchLimits())
        batch_id = ledger.form_batch(connection, plan.arrivals)
    assert batch_id is not None
    outcome = running.run_batch(batch_id, lambda step: tell(f"{called}: {named(step)}"))
    if not outcome.success:
        raise EmpiError(f"batch {batch_id} failed in step {outcome.failed_step}: {outcome.error or 'see its run'}")
    return batch_id


def _measured(
    connection: Connection,
    folder: Path,
    batch_ids: list[str],
    truth: dict[tuple[str, str], str],
    load_seconds: float,
    started: float,
) -> DemoResult:
    from empi_pipeline.intake import ledger

    taken = [arrival for batch_id in batch_ids for arrival in ledger.arrivals_of_batch(connection, batch_id)]
    rejected: Counter[str] = Counter()
    for arrival in taken:
        rejected.update(arrival.rejected_by_reason)
    rows = connection.execute("select data_source, source_person_id, person_id from publishing.crosswalk").fetchall()
    sources = connection.execute(load("cli/duplicates_by_source")).fetchall()
    counted = connection.execute(load("cli/overlaps")).fetchone()
    assert counted is not None
    return DemoResult(
        home=folder,
        objects=len(taken),
        batches=len(batch_ids),
        rows_delivered=sum(arrival.delivered for arrival in taken),
        rows_new=sum(arrival.new for arrival in taken),
        rows_known=sum(arrival.known for arrival in taken),
        rejected_by_reason=dict(sorted(rejected.items())),
        persons=counted[0],
        duplicates=dict(sources),
        overlaps=counted[1],
        review_cases=counted[2],
        agreement=agreement(
            [str(person) for _, _, person in rows], [truth[source, number] for source, number, _ in rows]
        ),
        load_seconds=load_seconds,
        total_seconds=time.monotonic() - started,
    )


@contextmanager
def _demo_home(settings: str) -> Iterator[Path]:
    """An empty `EMPI_HOME` below the usual one, for this process and its children."""
    from empi_pipeline.cli.services import alone
    from empi_pipeline.servers import servers

    folder = home() / "demo"
    before = dict(os.environ)
    for name in _NOT_OURS:
        os.environ.pop(name, None)
    os.environ["EMPI_HOME"] = str(folder)
    os.environ.pop("EMPI_CONFIG", None)
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
            raise ConflictError(f"{folder} was not made by `empi demo`: move it away")
        with alone():  # Not while `empi up` shows the last demo.
            (folder / _MARK).touch()
            with servers():
                pass  # Servers that a killed demo left running end here, before their files go.
            _empty(folder)
            (folder / "empi.yaml").write_text(settings, encoding="utf-8")
            yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in {_MARK, "up.lock"}:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _write_truth(folder: Path, truth: dict[tuple[str, str], str]) -> None:
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("data_source", "source_person_id", "human"))
        writer.writerows((*identity, human) for identity, human in sorted(truth.items()))
