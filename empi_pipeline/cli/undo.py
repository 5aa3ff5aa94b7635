"""`empi undo`: takes a change of identity back."""

from typing import Annotated

import typer

from empi_pipeline.cli.output import Json
from empi_pipeline.cli.saving import Actor, Why


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("undo")(undo)


def undo(
    change: Annotated[
        int, typer.Argument(metavar="CHANGE", help="Its number, as saves and `empi person history` print it.")
    ],
    person: Annotated[
        str | None, typer.Option(metavar="PERSON", help="Only give back what this (now retired) person had.")
    ] = None,
    why: Why = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Take a change back, and publish what follows: records return, retired ids live again, decisions end or return.

    Of a batch or rematch, the merges and splits are taken back, and decided so that they do not happen again. Ends with
    exit code 5 when it was taken back already or a later change builds on it.
    """
    from functools import partial

    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.identity.undo import undo as take_back

    carry_out(partial(take_back, change_id=change, person_id=person, note=why), actor, as_json)
