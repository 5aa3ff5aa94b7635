"""`empi config`: match models, that is Splink settings with two thresholds; listed, created, activated."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table, shown
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from empi_pipeline.linkage.registry import Connect, RegisteredModel
    from empi_pipeline.postgres import Connection

app = typer.Typer(name="config", help="Match models: show, create, activate, refreeze.", no_args_is_help=True)


@app.command("show")
def show(
    model: Annotated[str | None, typer.Argument(help="Number or name; a list of all models without it.")] = None,
    as_json: Json = False,
) -> None:
    """List the match models, or show one with its Splink settings."""
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.linkage import registry

    with open_index() as connection:
        if model is not None:
            found = registry.get(connection, model)
            _print_model(found, as_json, settings=True, learnt=_learnt(connection, found))
            return
        models = registry.all_models(connection)
    if as_json:
        print_json([_fields(each) for each in models])
    elif not models:
        note("no match model yet: the shipped default is activated when the first batch comes")
    else:
        print_table(
            ("model", "name", "active", "potential", "auto", "guards", "created", "by"),
            [
                (
                    each.model_id,
                    each.model.name,
                    each.is_active,
                    each.model.potential_threshold,
                    each.model.auto_threshold,
                    each.guards,
                    each.created_at,
                    each.created_by,
                )
                for each in models
            ],
        )


@app.command("create")
def create(
    splink_settings: Annotated[
        Path, typer.Option("--splink-settings", metavar="FILE", help="Splink settings as JSON, with m and u.")
    ],
    potential: Annotated[float, typer.Option(help="Pairs above this probability go to review (strictly above).")],
    auto: Annotated[float, typer.Option(help="Pairs above this probability are matched (strictly above).")],
    name: Annotated[str | None, typer.Option(help="What to call it; the name of the file without it.")] = None,
    guards: Annotated[
        bool, typer.Option("--guards/--no-guards", help="Whether conflicting records are kept apart all the same.")
    ] = True,
    activate_it: Annotated[bool, typer.Option("--activate", help="Make it the active model at once.")] = False,
    as_json: Json = False,
) -> None:
    """Register a match model. The same settings, thresholds and guards again are the model that is there already.

    The columns that the settings name are the cleaned columns of the records. Everything that is wrong is told at once,
    each with the path to the field and the reason.
    """
    import getpass

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.linkage import registry, validated_model

    settings = _read_json(splink_settings)
    model = validated_model(name or splink_settings.stem, settings, potential, auto)
    with open_servers() as connect:
        with connect() as connection:
            registered = registry.create_model(connection, model, guards=guards, created_by=getpass.getuser())
        if activate_it:
            registered = _activate(connect, registered.model_id)
    _print_model(registered, as_json, settings=False)


@app.command("activate")
def activate(model: Annotated[str, typer.Argument(help="Number or name of the model.")], as_json: Json = False) -> None:
    """Make a model the one that new batches are scored with. `empi rematch` applies it to the records there are."""
    from empi_pipeline.cli.index import open_servers

    with open_servers() as connect:
        registered = _activate(connect, model)
    _print_model(registered, as_json, settings=False)


@app.command("refreeze")
def refreeze(
    model: Annotated[str | None, typer.Argument(help="Number or name; the active model without it.")] = None,
    as_json: Json = False,
) -> None:
    """Make a new model of the same settings that learns anew from all records: frequencies, families, shared values.

    It is not activated. See what it would change with `empi rematch --dry-run --model NUMBER`, then
    `empi config activate NUMBER` and `empi rematch`.
    """
    import getpass

    from empi_pipeline.cli.index import open_servers
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.linkage import activation
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    limits = read_settings().scratch
    with (
        open_servers() as connect,
        progress("refreezing") as tell,
        open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch,
        connect() as connection,
    ):
        tell("learning from the records there are")
        registered = activation.refreeze(connection, scratch, model, getpass.getuser())
        learnt = _learnt(connection, registered)
    _print_model(registered, as_json, settings=False, learnt=learnt)
    if not as_json:
        number = registered.model_id
        note(
            f"next: `empi rematch --dry-run --model {number}`, then `empi config activate {number}` and `empi rematch`"
        )


def _activate(connect: "Connect", model: int | str) -> "RegisteredModel":
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.identity.ledger import take_identity_lock
    from empi_pipeline.linkage.activation import activate as make_active
    from empi_pipeline.scratch import open_scratch
    from empi_pipeline.settings import read_settings

    limits = read_settings().scratch
    with progress("activating") as tell, open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch:
        tell("making the blocking keys of the records there are")
        return make_active(connect, scratch, model, take_identity_lock)


def _read_json(file: Path) -> object:
    import json

    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8 text") from None
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{file}, line {error.lineno}, column {error.colno}: {error.msg}") from None


def _fields(registered: "RegisteredModel") -> dict[str, Any]:
    return {
        "model_id": registered.model_id,
        "name": registered.model.name,
        "is_active": registered.is_active,
        "potential_threshold": registered.model.potential_threshold,
        "auto_threshold": registered.model.auto_threshold,
        "guards": registered.guards,
        "digest": registered.model.digest,
        "created_at": registered.created_at,
        "created_by": registered.created_by,
        "frozen_at": registered.frozen_at,
        "frozen_records": registered.frozen_records,
        "refrozen_model_id": registered.refrozen_model_id,
    }


def _learnt(connection: "Connection", registered: "RegisteredModel") -> dict[str, Any]:
    """What a model learnt from the data, in numbers; the values shared by many are in `matching.shared_values`."""
    from empi_pipeline.linkage import knowledge, registry

    check = knowledge.latest(connection, registered)
    return {
        "shared_values": registry.shared_value_counts(connection, registered.model_id),
        "outdated": check.outdated if check else [],
    }


def _print_model(
    registered: "RegisteredModel", as_json: bool, *, settings: bool, learnt: "Mapping[str, Any] | None" = None
) -> None:
    fields = {**_fields(registered), **(learnt or {})}
    if as_json:
        print_json({**fields, "splink_settings": registered.model.settings} if settings else fields)
        return
    lines = {name.replace("_", " "): shown(value) for name, value in fields.items() if not isinstance(value, dict)}
    for column, count in fields.get("shared_values", {}).items():
        lines[f"shared by many: {column}"] = f"{count:,} value(s), missing to this model"
    if settings:
        lines["comparisons"] = shown(registered.model.comparison_names)
        for number, rule in enumerate(registered.model.blocking_rules, start=1):
            lines[f"blocking rule {number}"] = rule
    print_fields(lines)
