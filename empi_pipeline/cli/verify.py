"""`empi verify`: whether the ledger is whole, the state follows from it, and every invariant holds."""

from typing import Annotated, Any

import typer

from empi_pipeline.cli.output import Json, print_json, say

BROKEN = 1


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    evidence: Annotated[
        bool,
        typer.Option("--evidence", help="Also group everything from scratch and compare; takes long on a large index."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Fold the ledger and compare it with the persons and cases there are; changes nothing.

    Exit code 0 when all is well, else 1 with what is wrong, how often, and ids to start with.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.identity import verify as checks

    names = [*checks.CHECKS]
    with open_servers() as connect:
        with connect() as connection:
            problems = checks.verify(connection)
        if evidence:
            from empi_pipeline.cli.saving import policy

            names += checks.EVIDENCE_CHECKS
            with connect() as connection:
                by = policy(connection)
            with connect() as connection:
                problems += checks.verify_evidence(connection, by)
    if as_json:
        result: dict[str, Any] = {"checks": names, "problems": [asdict(each) for each in problems]}
        print_json(result)
    elif not problems:
        say(f"all is well: {len(names)} checks found nothing")
    else:
        for each in problems:
            say(str(each))
    if problems:
        raise typer.Exit(BROKEN)
