"""Drops of objects into the inbox of embedded servers, and the arrivals sensor as the daemon evaluates it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from empi_pipeline.intake import ledger
from empi_pipeline.settings import INBOX_PREFIX

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline

_A_FOLDER = 1_000


def inbox() -> Path:
    """The folder of the embedded S3 endpoint; what is moved into it is an object."""
    from empi_pipeline.embedded.object_store import BUCKET

    folder = Path(os.environ["EMPI_HOME"]) / "s3" / "data" / BUCKET / INBOX_PREFIX
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def records_of(folder: Path, most: int) -> list[bytes]:
    """Header and at most so many rows of a generated delivery; only rows that are one line."""
    lines: list[bytes] = []
    for path in sorted(folder.rglob("*.csv")):
        header, *rows = path.read_bytes().splitlines(keepends=True)
        lines += rows if lines else [header, *rows]
        assert lines[0] == header
    return lines[: most + 1]


def as_one_object(folder: Path, header: bytes, rows: Sequence[bytes]) -> int:
    """All rows in one object; how many objects that is."""
    (folder / "whole.csv").write_bytes(header + b"".join(rows))
    return 1


def as_objects(folder: Path, header: bytes, rows: Sequence[bytes], rows_each: int) -> int:
    """So many rows an object, a thousand objects a folder; how many objects that is."""
    count = 0
    for start in range(0, len(rows), rows_each):
        below = folder / f"{count // _A_FOLDER:04d}"
        below.mkdir(exist_ok=True)
        (below / f"{count:06d}.csv").write_bytes(header + b"".join(rows[start : start + rows_each]))
        count += 1
    return count


def register_the_rest(running: "Pipeline") -> None:
    """Let the ledger know all objects in the inbox, as the sensor's looks would one after the other."""
    listing = running.object_store().list(INBOX_PREFIX)
    with running.connect() as connection:
        ledger.form_batch(connection, listing)


class Sensor:
    """The arrivals sensor on a real instance; the runs it asks for are nobody's yet."""

    def __init__(self, running: "Pipeline") -> None:
        import dagster as dg

        from empi_pipeline.automation.arrivals import SENSOR_NAME
        from empi_pipeline.automation.jobs import BATCH_JOB_NAME
        from empi_pipeline.automation.local import local_instance
        from empi_pipeline.definitions import build_definitions
        from empi_pipeline.resources import ObjectStoreResource, PostgresResource, SettingsResource

        definitions = build_definitions(running.settings)
        self._repository = definitions.get_repository_def()
        self._sensor = self._repository.get_sensor_def(SENSOR_NAME)
        self._instance = local_instance()
        self._resources = {
            "postgres": PostgresResource(url=running.servers.postgres_url),
            "object_store": ObjectStoreResource(bucket=running.servers.bucket),
            "settings": SettingsResource(),
        }
        self._context = dg.build_sensor_context
        self._job = definitions.resolve_job_def(BATCH_JOB_NAME)
        self._on_its_way = dg.DagsterRunStatus.NOT_STARTED

    def look(self) -> list[str]:
        """The batches that one tick asks a run for."""
        context = self._context(instance=self._instance, repository_def=self._repository, resources=self._resources)
        result = self._sensor(context)
        return [str(each.partition_key) for each in getattr(result, "run_requests", None) or ()]

    def queue(self, batches: Sequence[str]) -> None:
        """Let Dagster know of the runs that were asked for, as the daemon does: they are not asked for again."""
        from empi_pipeline.automation.partitions import PARTITION_TAG

        for batch_id in batches:
            self._instance.create_run_for_job(self._job, tags={PARTITION_TAG: batch_id}, status=self._on_its_way)

    def look_until_nothing_is_left(self) -> list[str]:
        """The batches of all ticks until one has nothing new."""
        batches: list[str] = []
        while found := self.look():
            self.queue(found)
            batches += found
        return batches
