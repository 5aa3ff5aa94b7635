"""`empi api`: the HTTP API and the stewards' page, until Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from empi_pipeline.cli.output import note


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("api")(api)


def api(
    port: Annotated[int, typer.Option(help="To listen on; 0 takes any free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; only loopback without `api.issuer`.")] = "127.0.0.1",
    batches: Annotated[
        bool, typer.Option("--batches/--no-batches", help="Run imported batches here while no Dagster daemon does.")
    ] = True,
) -> None:
    """Serve the HTTP API (/api/v1) and the stewards' page (/). `empi up` does so too, beside Dagster."""
    from empi_pipeline.api.serve import is_loopback, serve
    from empi_pipeline.cli.index import require_current_schema
    from empi_pipeline.cli.services import free_port
    from empi_pipeline.postgres import connect
    from empi_pipeline.servers import servers
    from empi_pipeline.settings import read_settings

    settings = read_settings()
    with _ending_in_order(), servers() as used:
        with connect(used.postgres_url) as connection:
            require_current_schema(connection, used)
        port = free_port(port) if is_loopback(host) else port
        note(f"stewards' page http://{host}:{port}/, API http://{host}:{port}/api/v1/docs")
        with _worker() if batches and settings.api.run_batches else nullcontext():
            serve(settings, host, port)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let what was started be stopped: uvicorn ends with the signal that ended it, which would end this process."""
    import os
    import signal

    def ask(number: int, _frame: object) -> None:
        if number == signal.SIGHUP:  # A closed terminal; uvicorn does not know it.
            os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _worker() -> Iterator[None]:
    """A process beside the server that runs batches; it lets the one it is at come to its end."""
    import os
    import subprocess
    import sys

    from empi_pipeline.automation.local import prepare_dagster_home

    prepare_dagster_home()
    command = [sys.executable, "-m", "empi_pipeline.automation.worker", str(os.getpid())]
    worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()
