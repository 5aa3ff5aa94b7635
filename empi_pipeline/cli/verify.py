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

    Exit code 0 when all is well, else 1 with what is wrong, how often, and ids to start with. Where the guards, the
    model or settings changed since persons were grouped, what --evidence finds is what a rematch would change, and
    nothing wrong.
    """
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.cli.saving import policy
    from empi_pipeline.identity import verify as checks
    from empi_pipeline.identity.grouping_rules import changed_rules

    names = [*checks.CHECKS]
    differences: list[checks.Problem] = []
    with open_servers() as connect:
        with connect() as connection:
            problems = checks.verify(connection)
        with connect() as connection:
            by = policy(connection)
            changed = changed_rules(connection, by)
        if evidence:
            names += checks.EVIDENCE_CHECKS
            with connect() as connection:
                found = checks.verify_evidence(connection, by)
            # By other rules another grouping follows, and nothing tells apart what is wrong beside that.
            (differences if changed else problems).extend(found)
    if as_json:
        result: dict[str, Any] = {
            "checks": names,
            "problems": [asdict(each) for each in problems],
            "rules_changed": changed,
            "differences": [asdict(each) for each in differences],
        }
        print_json(result)
    else:
        for each in problems:
            say(str(each))
        if not problems:
            say(f"all is well: {len(names) - len(differences)} checks found nothing")
        _tell(changed, [str(each) for each in differences])
    if problems:
        raise typer.Exit(BROKEN)


def _tell(changed: list[str], differences: list[str]) -> None:
    """What is grouped by other rules than those of now, which is nobody's mistake."""
    if not changed:
        return
    say("persons were grouped by other rules than those of now, which is no fault of the index:")
    for each in changed:
        say(f"  {each}")
    if differences:
        say("grouped anew it would differ:")
        for each in differences:
            say(f"  {each}")
    say("`empi rematch --dry-run` tells what would change, `empi rematch` applies it")
