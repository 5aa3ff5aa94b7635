"""The tree of commands. Each module below imports typer only; the rest is imported by the command that runs."""

from typing import Annotated

import typer

from empi_pipeline import __version__
from empi_pipeline.cli import (
    api,
    batches,
    config,
    crosswalk,
    database,
    demonstration,
    evaluate,
    explain,
    generate,
    load,
    match,
    model,
    notes,
    person,
    rematch,
    review,
    status,
    undo,
    up,
    verify,
    withdraw,
)

_EPILOG = (
    "Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 Postgres refused or was lost; 4 not found;"
    " 5 somebody else was first, look again; 6 loaded, but not every object could be read; 70 a bug; 130 interrupted."
)

app = typer.Typer(
    name="empi",
    help="One trusted person_id for every human: takes in person records, matches them, publishes the crosswalk.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (
    up,
    api,
    demonstration,
    generate,
    load,
    status,
    crosswalk,
    match,
    explain,
    rematch,
    undo,
    notes,
    withdraw,
    verify,
):
    module.add_to(app)
for group in (review, person, evaluate, config, model, batches, database):
    app.add_typer(group.app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"empi {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""
