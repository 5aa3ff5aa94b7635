"""`empi withdraw`: the right to erasure, for one source identity."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json
from empi_pipeline.cli.saving import Actor
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.identity.policy import Policy
    from empi_pipeline.identity.withdrawal import Affected, Withdrawal
    from empi_pipeline.postgres import Connection


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("withdraw")(withdraw)


def withdraw(
    data_source: Annotated[str, typer.Argument(metavar="DATA_SOURCE", help="The data source.")],
    source_person_id: Annotated[str, typer.Argument(metavar="SOURCE_PERSON_ID", help="Its id there.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without it only what would go is counted.")] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Accept rows of a withdrawn source identity again when they are delivered.")
    ] = False,
    why: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="Why. The ledger keeps it: repeat nothing of what is withdrawn."),
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Erase the records of a source identity with all that repeats their values, for good, and publish what follows.

    The ledger keeps that it happened, without the values. Delivered again, its rows are rejected until the withdrawal
    is lifted. The delivered files and the exports taken from here are not touched: what holds the record is listed.
    """
    if lift:
        _lift(data_source, source_person_id, why, actor, as_json)
    elif yes:
        _erase(data_source, source_person_id, why, actor, as_json)
    else:
        _tell(data_source, source_person_id, as_json)


def _tell(data_source: str, source_person_id: str, as_json: bool) -> None:
    """Say how much would go, without a value."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity.withdrawal import affected

    with open_index() as connection:
        found = affected(connection, data_source, source_person_id, prefixes=_prefixes(data_source))
    if as_json:
        print_json(asdict(found))
    else:
        _print_objects(found)
    raise ConfigurationError(
        f"this erases {found.records:,} record(s) of {found.persons:,} person(s) and cannot be taken back: say --yes to"
        " do it"
    )


def _erase(data_source: str, source_person_id: str, why: str | None, actor: str | None, as_json: bool) -> None:
    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.identity.withdrawal import withdraw as erase

    done: list[Withdrawal] = []

    def save(connection: "Connection", *, actor: str, policy: "Policy") -> "Withdrawal":
        prefixes = _prefixes(data_source)
        done.append(
            erase(connection, data_source, source_person_id, actor=actor, note=why, policy=policy, prefixes=prefixes)
        )
        return done[0]

    carry_out(save, actor, as_json)
    if as_json:
        return
    withdrawal = done[0]
    print_fields(
        {
            "records erased": withdrawal.erased.records,
            "rejected rows erased": withdrawal.erased.rejected_rows,
            "notes erased": withdrawal.notes_erased + withdrawal.ledger_notes_erased,
            "crosswalk rows erased": withdrawal.crosswalk_rows,
            "entries of the change feed erased": withdrawal.feed_entries,
        }
    )
    if withdrawal.notes_left:
        note(
            f"note: {withdrawal.notes_left:,} other note(s) about the same persons stay: read them (`empi person show`)"
        )
    _print_objects(withdrawal.erased)
    for key in withdrawal.exports:
        note(f"note: the change feed was exported with it, yours to delete: {key}")


def _lift(data_source: str, source_person_id: str, why: str | None, actor: str | None, as_json: bool) -> None:
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.saving import acting
    from empi_pipeline.identity.withdrawal import lift

    who = acting(actor)
    with open_index() as connection:
        change_id = lift(connection, data_source, source_person_id, actor=who, note=why)
    told: dict[str, Any] = {"change_id": change_id}
    if as_json:
        print_json(told)
    else:
        print_fields({"change": change_id})
        note("its rows are accepted from now on; what was erased comes back only when it is delivered again")


def _prefixes(data_source: str) -> list[str]:
    """Beginnings of the object keys that are this data source's own."""
    from empi_pipeline.settings import INBOX_PREFIX, read_settings

    source = read_settings().data_sources.get(data_source)
    return [] if source is None or source.prefix is None else [INBOX_PREFIX + source.prefix]


def _print_objects(found: "Affected") -> None:
    """On stderr: before a withdrawal there is no result yet, and after it they are what is left to do."""
    for held in found.objects:
        note(
            f"note: {held.bucket}/{held.key} (version {held.version}) holds {held.rows:,} row(s) of it, yours to delete"
        )
    if found.repeats:
        note(f"note: {found.repeats:,} object(s) repeated content that was known; whether they hold it is not recorded")
