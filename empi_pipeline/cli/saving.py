"""What all saves of a steward share: who decides, what identity goes by, and publishing what came of it at once."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from empi_pipeline.cli.output import note, print_fields, print_json, print_table, say
from empi_pipeline.errors import ConfigurationError, EmpiError

if TYPE_CHECKING:
    from empi_pipeline.identity.person_changes import PersonChange
    from empi_pipeline.identity.policy import Policy
    from empi_pipeline.identity.stewardship import Saved
    from empi_pipeline.postgres import Connection
    from empi_pipeline.publishing import Published

Actor = Annotated[str | None, typer.Option("--as", metavar="ACTOR", help="Who decides; your login name without it.")]
Why = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why; it is kept with the change.")]
Overrule = Annotated[bool, typer.Option("--overrule", help="Take back decisions in force that say otherwise.")]

_MOST_SHOWN: Final = 50
"""Of cases and persons; taking a large batch back touches thousands."""


def carry_out(save: "Callable[..., Saved]", actor: str | None, as_json: bool) -> None:
    """Save, publish the crosswalk, and print what was done.

    Once saved it stays saved: where publishing fails, that is remarked and the next publication makes up for it.

    Args:
        save: Called with a connection that is in no transaction, and `actor` and `policy` by name.
        actor: Who decides; the login name when None.
        as_json: Print JSON.

    Raises:
        EmpiError: Not saved; nothing was written.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers

    who = acting(actor)
    with open_servers() as connect:
        with connect() as connection:
            by = policy(connection)
        with connect() as connection:
            saved = save(connection, actor=who, policy=by)
        published, exported = _publish(connect, saved.change_id)
    if as_json:
        crosswalk = {**asdict(published), "exported": exported} if published else None
        print_json({**asdict(saved), "crosswalk": crosswalk})
        return
    told: dict[str, Any] = {
        "change": saved.change_id,
        "decisions made": saved.decisions_made,
        "decisions ended": saved.decisions_revoked,
        "records moved": saved.records_moved,
    }
    for name, cases in (("cases opened", saved.cases_opened), ("cases closed", saved.cases_closed)):
        if cases:
            told[name] = _some(cases)
    if published:
        told["crosswalk"] = f"{published.added:,} row(s) added, {published.removed:,} removed"
    print_fields(told)
    _print_persons(saved.persons)


def _some(cases: Sequence[int]) -> str:
    more = f" and {len(cases) - _MOST_SHOWN:,} more" if len(cases) > _MOST_SHOWN else ""
    return ", ".join(map(str, cases[:_MOST_SHOWN])) + more


def _print_persons(persons: "Sequence[PersonChange]") -> None:
    """Every person touched, also those that evidence brought into it."""
    if not persons:
        return
    say("")
    print_table(
        ("person", "now", "records", "gained", "lost"),
        [(f"{each.person_id}@{each.version}", _now(each), each.record_count, each.gained, each.lost)
         for each in persons[:_MOST_SHOWN]],
    )  # fmt: skip
    if len(persons) > _MOST_SHOWN:
        note(f"and {len(persons) - _MOST_SHOWN:,} more persons; --json shows all")


def _now(person: "PersonChange") -> str:
    if person.what == "retired":
        return f"merged into {person.other_person_id}" if person.other_person_id else "retired, without records"
    if person.what == "created":
        return f"new, out of {person.other_person_id}" if person.other_person_id else "new"
    return {"revived": "lives again", "kept": "as it was"}.get(person.what, person.what)


def acting(actor: str | None) -> str:
    """Who decides.

    Raises:
        ConfigurationError: Nobody said, and the machine does not know.
    """
    if actor is None:
        import getpass

        try:
            actor = getpass.getuser()
        except (KeyError, OSError):  # A container whose user has no name.
            actor = ""
    if not actor.strip():
        raise ConfigurationError("who decides? Say so with --as NAME")
    return actor.strip()


def policy(connection: "Connection") -> "Policy":
    """What identity goes by, as the batches are applied with."""
    from empi_pipeline.identity.from_settings import policy_of
    from empi_pipeline.settings import read_settings

    return policy_of(read_settings(), connection)


def _publish(
    connect: "Callable[[], AbstractContextManager[Connection]]", change_id: int
) -> "tuple[Published | None, list[str]]":
    """What was published, and the keys of the objects that tell of it."""
    from empi_pipeline.publishing import PublishedAtOnce, publish_at_once

    try:
        with connect() as connection:
            done = publish_at_once(connection, _Exports())
    except EmpiError as error:
        done = PublishedAtOnce(None, [], f"not published: {error}. The next batch or save publishes it")
    if done.remark:
        note(f"note: change {change_id} is saved, but {done.remark}")
    return done.published, done.exported


class _Exports:
    """The bucket; not even S3's client is imported before there is something to write, and mostly there is not."""

    def put(self, key: str, body: BinaryIO) -> None:
        from empi_pipeline.cli.objects import put_object
        from empi_pipeline.servers import S3_BUCKET

        put_object(f"s3://{os.environ[S3_BUCKET]}/{key}", body)
