"""`empi up`: Dagster's webserver and daemon beside the embedded servers, until Ctrl-C."""

from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import note, print_fields

if TYPE_CHECKING:
    from empi_pipeline.servers import Servers


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    port: Annotated[int, typer.Option(help="Of the Dagster UI, on 127.0.0.1; 0 takes any free one.")] = 3000,
    api_port: Annotated[
        int, typer.Option("--api-port", help="Of the stewards' page and the API, on 127.0.0.1; 0 takes any free one.")
    ] = 8000,
    read_only: Annotated[bool, typer.Option("--read-only", help="The UI shows everything and starts nothing.")] = False,
) -> None:
    """Run the pipeline as a service: whatever is put into the inbox is matched without another command.

    Starts the embedded servers that are needed, Dagster's webserver and its daemon with the sensors on, and the
    stewards' page with the HTTP API; prints their addresses, and stops all of them on Ctrl-C or SIGTERM.
    """
    from empi_pipeline.cli.index import require_current_schema
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.cli.services import alone, dagster_services, free_port, keep_running, stop_requested
    from empi_pipeline.postgres import connect
    from empi_pipeline.servers import servers

    with alone(), stop_requested() as stop, servers() as used:
        with connect(used.postgres_url) as connection:
            require_current_schema(connection, used)
        chosen, chosen_api = free_port(port), free_port(api_port)
        with dagster_services(chosen, chosen_api, read_only=read_only) as services:
            with progress("starting") as tell:
                tell("Dagster's webserver and daemon, and the API")
                services.wait_until_ready(stop)
            if not stop.is_set():
                print_fields(_addresses(used, chosen, chosen_api))
                note("\nrunning; Ctrl-C stops it")
            keep_running(services, stop)
            note("stopping")


def _addresses(used: "Servers", port: int, api_port: int) -> dict[str, str]:
    from empi_pipeline.cli.database import without_password
    from empi_pipeline.settings import EXPORTS_PREFIX, INBOX_PREFIX, home

    addresses = {
        "stewards' page": f"http://127.0.0.1:{api_port}",
        "HTTP API": f"http://127.0.0.1:{api_port}/api/v1/docs",
        "Dagster UI": f"http://127.0.0.1:{port}",
        "S3 endpoint": used.endpoint_url or "AWS",
        "inbox": f"s3://{used.bucket}/{INBOX_PREFIX}",
        "exports": f"s3://{used.bucket}/{EXPORTS_PREFIX}",
    }
    if "s3" in used.embedded:
        inbox = home() / "s3" / "data" / used.bucket / INBOX_PREFIX
        inbox.mkdir(parents=True, exist_ok=True)
        addresses["inbox folder"] = f"{inbox}  (files moved here arrive; `mv`, so that no half-copied file is seen)"
        addresses["S3 key pair"] = f"in {home() / 's3' / 'endpoint'}: port, access key, secret key"
    addresses["PostgreSQL"] = f"psql '{without_password(used.postgres_url)}'"
    return addresses
