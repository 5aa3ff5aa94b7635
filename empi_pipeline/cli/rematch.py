"""`empi rematch`: every record scored again, and a plan of what would change."""

from pathlib import Path
from typing import Annotated, Final

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json
from empi_pipeline.cli.saving import Actor, acting
from empi_pipeline.errors import ConfigurationError, EmpiError

_PLANNED: Final = (
    "persons",
    "persons_after",
    "persons_merged",
    "persons_split",
    "persons_unchanged",
    "records_moved",
    "cases_opened",
    "cases_updated",
    "cases_closed",
    "decisions_contradicted",
    "limits_exceeded",
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rematch")(rematch)


def rematch(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    model: Annotated[str | None, typer.Option(help="Number or name of the model to score with, for a dry run.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Change more than the limits of empi.yaml allow.")] = False,
    details: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="For a dry run: also write what would become of records, persons and cases, as CSV files.",
        ),
    ] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Score all records again, plan what follows for persons and review cases, and apply it within limits.

    Persons keep their id where most of their records are. Beyond the limits nothing changes: look at the plan with
    --dry-run, then --approve.
    """
    from empi_pipeline.automation.local import pipeline
    from empi_pipeline.cli.progress import progress

    if details is not None and not dry_run:
        raise ConfigurationError("--details goes with --dry-run: write the plan first, look at it, then apply it")
    who = acting(actor)
    if model is not None:
        _require(model)
    with progress("rematching") as tell:
        tell("starting")
        with pipeline() as running:
            outcome = running.run_rematch(tell, model=model, apply=not dry_run, approved=approve, actor=who)
    if not outcome.success:
        error = EmpiError(f"{outcome.error or 'the rematch failed'} (run {outcome.run_id})")
        error.exit_code = outcome.exit_code
        raise error
    if details is not None:
        _write_details(details)
    plan = {name: outcome.figures.get(name) for name in _PLANNED} | {"applied": not dry_run, "run_id": outcome.run_id}
    if as_json:
        print_json(plan)
        return
    print_fields({name.replace("_", " "): value for name, value in plan.items()})
    if dry_run:
        note("nothing was changed: `empi rematch` applies it within its limits, --approve beyond them")


def _write_details(folder: Path) -> None:
    """The tables of the plan that the run has just told in numbers; they name records and persons, no values.

    Raises:
        ConfigurationError: They cannot be written.
    """
    from pyarrow import csv

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity.from_settings import policy_of, rematch_rules_of
    from empi_pipeline.identity.plan import plan_rematch, rescored_model
    from empi_pipeline.settings import read_settings

    settings = read_settings()
    with open_index() as connection:
        policy = policy_of(settings, connection, rescored_model(connection))
        plan = plan_rematch(connection, policy=policy, rules=rematch_rules_of(settings))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("moves", "merges", "questions", "closings"):
            table = getattr(plan, name)
            csv.write_csv(table, folder / f"{name}.csv")
            note(f"{folder / name}.csv: {table.num_rows:,} rows")
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be written ({error.strerror})") from None


def _require(model: str) -> None:
    """A name that is mistyped is told before a run begins.

    Raises:
        NotFoundError: There is no such model.
    """
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.linkage import registry

    with open_index() as connection:
        registry.get(connection, model)
