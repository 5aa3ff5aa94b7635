"""`empi rematch`: every record scored again with the active model."""

import typer

from empi_pipeline.cli.output import Json, print_fields, print_json
from empi_pipeline.errors import EmpiError


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rematch")(rematch)


def rematch(as_json: Json = False) -> None:
    """Score all records again with the active model, and apply what follows to persons and review cases."""
    from empi_pipeline.automation.local import pipeline
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.sql import load

    with progress("rematching") as tell:
        tell("starting")
        with pipeline() as running:
            with running.connect() as connection:
                newest = connection.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone()
            outcome = running.run_rematch(tell)
            if not outcome.success:
                raise EmpiError(
                    f"the rematch failed in step {outcome.failed_step or 'unknown'}: {outcome.error or 'see its run'}"
                    f" (run {outcome.run_id}); nothing was changed"
                )
            with running.connect() as connection, connection.cursor() as cursor:
                after = {"after_change_id": newest[0] if newest else 0}
                row = cursor.execute(load("cli/rematch_outcome"), after).fetchone()
                assert row is not None
                assert cursor.description is not None
                result = dict(zip([column.name for column in cursor.description], row, strict=True))
    result["run_id"] = outcome.run_id
    if as_json:
        print_json(result)
    else:
        print_fields({name.replace("_", " "): value for name, value in result.items()})
