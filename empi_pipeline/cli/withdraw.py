"""`empi withdraw`: the right to erasure, for one source identity."""

from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import Json
from empi_pipeline.cli.saving import Actor
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.identity.stewardship import Saved
    from empi_pipeline.postgres import Connection


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("withdraw")(withdraw)


def withdraw(
    data_source: Annotated[str, typer.Argument(metavar="DATA_SOURCE", help="The data source.")],
    source_person_id: Annotated[str, typer.Argument(metavar="SOURCE_PERSON_ID", help="Its id there.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it only what would go is counted.")] = False,
    why: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="Why. The ledger keeps it: repeat nothing of what is withdrawn."),
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Erase the records of a source identity with all that repeats their values, for good, and publish what follows.

    The ledger keeps that it happened, without the values. The delivered files and the exports taken from here are not
    touched: as long as a file in the inbox holds the record, loading it again brings it back.
    """
    from functools import partial

    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.identity.withdrawal import withdraw as erase

    save = partial(erase, note=why) if yes else _refuse
    carry_out(partial(save, data_source=data_source, source_person_id=source_person_id), actor, as_json)


def _refuse(connection: "Connection", *, data_source: str, source_person_id: str, **_: object) -> "Saved":
    """Say how much would go, without a value."""
    from empi_pipeline.errors import NotFoundError
    from empi_pipeline.sql import load

    rows = connection.execute(
        load("identity/withdraw_members"), {"data_source": data_source, "source_person_id": source_person_id}
    ).fetchall()
    if not rows:
        raise NotFoundError("the index has no record of this source identity")
    persons = len({person_id for _, person_id in rows})
    raise ConfigurationError(
        f"this erases {len(rows):,} record(s) of {persons:,} person(s) and cannot be taken back: say --yes to do it"
    )
