"""`empi load`: takes in files as one batch, in this process, and reports what became of each."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from empi_pipeline.cli.output import Json, note, print_json
from empi_pipeline.errors import ConflictError, EmpiError

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline
    from empi_pipeline.intake.arrivals import ListedObject

SOME_UNREADABLE: Final = 6
_LOOK_EVERY_SECONDS: Final = 2.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("load")(load)


def load(
    sources: Annotated[list[str], typer.Argument(metavar="FILE|DIRECTORY|s3://…", help="What to take in.")],
    data_source: Annotated[
        str | None,
        typer.Option("--data-source", metavar="NAME", help="Whose files these are, by its prefix in empi.yaml."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take in files as one batch: upload, read, clean, match, group into persons, publish the crosswalk.

    CSV, NDJSON and Parquet, also gzipped. Waits for the end and reports per file. What is known already is counted
    and adds nothing, so that loading a file twice is harmless. Exit code 6: loaded, but a file could not be read.
    """
    from empi_pipeline.automation.local import pipeline
    from empi_pipeline.cli.batch_report import print_report, report_on
    from empi_pipeline.cli.objects import deliver, source_prefix
    from empi_pipeline.cli.progress import progress

    with progress("loading") as tell:
        tell("starting")
        with pipeline() as running:
            delivery = deliver(running.object_store(), sources, source_prefix(running.settings, data_source), tell)
            batch_ids, newly = _register(running, delivery.objects)
            for batch_id in batch_ids:
                bring_through(running, batch_id, tell)
            with running.connect() as connection:
                report = report_on(connection, batch_ids, delivery.called, only=delivery.objects, newly=newly)
    report["ignored_files"] = delivery.ignored
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report["objects_unreadable"]:
        raise typer.Exit(SOME_UNREADABLE)


def bring_through(running: "Pipeline", batch_id: str, tell: Callable[[str], None]) -> None:
    """Run a batch, or wait for the process that runs it.

    Raises:
        EmpiError: It failed.
    """
    from empi_pipeline.intake import ledger

    while True:
        with running.connect() as connection:
            batch = ledger.batch(connection, batch_id)
        if batch.status == "applied":
            return
        if batch.status == "failed":
            raise EmpiError(
                f"batch {batch_id} was given up: {batch.failure_reason or 'no reason noted'};"
                f" `empi batches show {batch_id}` tells more, `empi batches retry {batch_id}` tries again"
            )
        try:
            outcome = running.run_batch(batch_id, tell)
        except ConflictError:
            # The sensor of `empi up` was first: its run does the work.
            tell(f"batch {batch_id} is being worked on by another process")
            time.sleep(_LOOK_EVERY_SECONDS)
            continue
        if not outcome.success:
            raise EmpiError(
                f"batch {batch_id} failed in step {outcome.failed_step or 'unknown'}: {outcome.error or 'see its run'}"
                f" (run {outcome.run_id}); nothing is half-applied, `empi batches retry {batch_id}` tries again"
            )
        return


def _register(running: "Pipeline", objects: "Sequence[ListedObject]") -> tuple[list[str], str | None]:
    """The batches these objects are in, oldest first, and the one formed now, if any of them was new."""
    from empi_pipeline.intake import ledger
    from empi_pipeline.sql import load as load_sql

    with running.connect() as connection:
        newly = ledger.form_batch(connection, objects)
        columns = {
            "buckets": [each.bucket for each in objects],
            "keys": [each.key for each in objects],
            "versions": [each.version for each in objects],
        }
        rows = connection.execute(load_sql("cli/batches_of_objects"), columns).fetchall()
    if newly is None:
        note("note: all of these objects were delivered before")
    return [batch_id for (batch_id,) in rows], newly
