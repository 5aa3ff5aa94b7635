"""`empi status`: how many records, persons and open cases there are, and what happened last."""

import typer

from empi_pipeline.cli.output import Json, print_fields, print_json, shown


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(as_json: Json = False) -> None:
    """Show how much the index holds, which model is active, and how the last batch went."""
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.sql import load

    with open_index() as connection, connection.cursor() as cursor:
        row = cursor.execute(load("cli/status")).fetchone()
        assert row is not None
        assert cursor.description is not None
        result = dict(zip([column.name for column in cursor.description], row, strict=True))
    if as_json:
        print_json(result)
        return
    model, batch = result.pop("active_model"), result.pop("last_batch")
    result = {name.replace("_", " "): value for name, value in result.items()}
    if model:
        result["active model"] = f"{model['model_id']} {model['name']} (auto {model['auto_threshold']})"
    else:
        result["active model"] = "the shipped default, once the first batch comes"
    result["last batch"] = f"{batch['batch_id']}: {batch['status']}" if batch else None
    if batch and batch["failure_reason"]:
        result["why it failed"] = batch["failure_reason"]
    print_fields({name: shown(value) for name, value in result.items()})
