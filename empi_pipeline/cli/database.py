"""`empi db`: the schema of the index, and how to reach it with psql."""

import re
from typing import Annotated

import typer

from empi_pipeline.cli.output import Json, note, print_json, say

app = typer.Typer(name="db", help="The database of the index: upgrade, url.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(as_json: Json = False) -> None:
    """Bring the schema to this version; run as the role that owns the schemas. Again, it changes nothing."""
    from empi_pipeline.postgres import connect, migrate
    from empi_pipeline.servers import servers

    with servers() as used, connect(used.postgres_url) as connection:
        applied = migrate(connection)
    if as_json:
        print_json({"applied": [f"{each.version:04d}_{each.name}" for each in applied]})
    elif applied:
        for each in applied:
            say(f"applied {each.version:04d}_{each.name}")
    else:
        say("the schema is current")


@app.command("url")
def url(
    password: Annotated[bool, typer.Option("--password", help="With the password, if there is one.")] = False,
    as_json: Json = False,
) -> None:
    """Print the address of the index database, for psql and other clients.

    The embedded PostgreSQL runs as long as a command of `empi` does: keep `empi up` running beside psql.
    """
    from empi_pipeline.servers import servers

    with servers() as used:
        address = used.postgres_url if password else without_password(used.postgres_url)
        embedded = "postgres" in used.embedded
    if as_json:
        print_json({"url": address, "embedded": embedded})
        return
    say(address)
    if embedded:
        note("note: embedded; it answers while `empi up` (or any other command) runs")


def without_password(address: str) -> str:
    """A libpq URL with its password starred out."""
    return re.sub(r"(://[^:/@]*:)[^@]*@", r"\1***@", address)
