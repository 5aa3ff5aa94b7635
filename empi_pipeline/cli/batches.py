"""`empi batches`: what was taken in when, what failed and why, and trying again."""

from typing import Annotated

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table

app = typer.Typer(name="batches", help="Batches of delivered objects: list, show, retry.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="Its id, e.g. 2026-11-20-000017.")]


@app.command("list")
def list_batches(
    status: Annotated[
        list[str] | None, typer.Option(help="Only waiting, running, applied or failed ones; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """List batches, the newest first."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.intake import ledger

    with open_index() as connection:
        found = ledger.batches(connection, limit=limit, statuses=status or None)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        note("no batch yet: `empi load FILE` makes one")
        return
    print_table(
        ("batch", "status", "created", "objects", "unreadable", "rows", "new", "known", "rejected"),
        [
            (
                each.batch_id,
                each.status,
                each.created_at,
                each.objects,
                each.objects_failed,
                each.rows_delivered,
                each.rows_new,
                each.rows_known,
                each.rows_rejected,
            )
            for each in found
        ],
    )


@app.command("show")
def show(batch: BatchId, as_json: Json = False) -> None:
    """Show a batch: its objects, the rows rejected and why, and what came of it."""
    from dataclasses import asdict

    from empi_pipeline.cli.batch_report import print_report, report_on
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.intake import ledger

    with open_index() as connection:
        found = ledger.batch(connection, batch)
        report = report_on(connection, [batch], {})
    if as_json:
        print_json({**asdict(found), **report})
        return
    print_fields(
        {
            "status": found.status,
            "attempts": found.attempts,
            "created": found.created_at,
            "started": found.started_at,
            "finished": found.finished_at,
            **({"why it failed": found.failure_reason} if found.failure_reason else {}),
        }
    )
    print_report(report)


@app.command("retry")
def retry(
    batch: BatchId,
    leave: Annotated[
        bool, typer.Option("--leave", help="Only open it again: the sensor of `empi up` runs it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Open a failed batch again and run it in this process.

    Of an applied batch the objects that could not be read are tried again, as a batch of their own.
    """
    from empi_pipeline.automation.local import pipeline
    from empi_pipeline.cli.batch_report import print_report, report_on
    from empi_pipeline.cli.load import SOME_UNREADABLE, bring_through
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.errors import ConflictError
    from empi_pipeline.intake import ledger
    from empi_pipeline.intake.claims import is_claimed

    with progress("retrying") as tell:
        tell("starting")
        with pipeline() as running:
            with running.connect() as connection:
                if is_claimed(connection, batch):
                    raise ConflictError(f"batch {batch} is being worked on; wait for it")
                opened = ledger.retry(connection, batch).batch_id
            if not leave:
                bring_through(running, opened, tell)
            with running.connect() as connection:
                report = report_on(connection, [opened], {})
    if as_json:
        print_json(report)
    elif leave:
        note(f"batch {opened} waits for the sensor")
    else:
        print_report(report)
    if report["objects_unreadable"] and not leave:
        raise typer.Exit(SOME_UNREADABLE)
