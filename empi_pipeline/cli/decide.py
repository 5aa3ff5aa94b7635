"""`empi review decide`: a steward's answer to a review case."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json
from empi_pipeline.cli.saving import Actor, Overrule, Why
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.identity.stewardship import Saved
    from empi_pipeline.postgres import Connection


class Answer(StrEnum):
    """What one can say to a case."""

    CONFIRM = "confirm"
    REJECT = "reject"
    PARTITION = "partition"
    KEEP = "keep"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("decide")(decide)


def decide(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")],
    answer: Annotated[
        Answer,
        typer.Argument(
            help="confirm: the records asked about are one human. reject: they are different humans."
            " partition: they are the humans that --group says. keep: the persons are right as they are."
        ),
    ],
    version: Annotated[int, typer.Option(help="The version you looked at, as `empi review show` prints it.")],
    pair: Annotated[
        list[str] | None,
        typer.Option(metavar="11-12", help="confirm or reject this pair of records only; repeatable. The rest waits."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="11,12,…",
            help="All records of one human; repeatable. A person's id stays where most of its records are;"
            " persons of the case that no group takes from stay as they are.",
        ),
    ] = None,
    why: Why = None,
    actor: Actor = None,
    overrule: Overrule = False,
    as_json: Json = False,
) -> None:
    """Answer a review case, and publish what follows. The decision binds from now on; `empi undo` takes it back.

    Ends with exit code 5, and nothing is written, when the case is not any more what you looked at, when decisions in
    force say otherwise (--overrule), or when others write identities for too long.
    """
    from functools import partial

    from empi_pipeline.cli import grouping
    from empi_pipeline.cli.saving import carry_out

    by_pairs = answer in {Answer.CONFIRM, Answer.REJECT}
    if pair and not by_pairs:
        raise ConfigurationError(f"--pair goes with confirm and reject, not with {answer.value}")
    if bool(group) != (answer is Answer.PARTITION):
        raise ConfigurationError("partition needs --group, once for each human, and only partition takes it")
    common: dict[str, Any] = {"note": why, "overrule": overrule}
    if by_pairs:
        from empi_pipeline.identity import decisions

        answered = decisions.confirm if answer is Answer.CONFIRM else decisions.reject
        pairs = [grouping.record_pair(each) for each in pair] if pair else None
        save = partial(answered, case_id=case, version=version, pairs=pairs, **common)
    else:
        groups = [grouping.record_ids("--group", each) for each in group or ()]
        save = partial(_arrange, case_id=case, version=version, groups=groups, **common)
    carry_out(save, actor, as_json)


def _arrange(
    connection: "Connection", *, case_id: int, version: int, groups: list[frozenset[int]], **common: Any
) -> "Saved":
    """Hand out the records of a case; the save looks again whether case and persons are what was read here."""
    from empi_pipeline.cli.grouping import updates_of
    from empi_pipeline.identity.decisions import partition
    from empi_pipeline.identity.queries import show_case
    from empi_pipeline.identity.stewardship import open_case

    with connection.transaction():
        open_case(connection, case_id, version, None)  # A stale case is told before what it makes of the groups.
        updates = updates_of(show_case(connection, case_id).persons, groups)
    return partition(connection, updates, case_id=case_id, case_version=version, **common)
