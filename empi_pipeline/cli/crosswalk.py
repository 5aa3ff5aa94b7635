"""`empi crosswalk`: the published crosswalk, or the retired ids, to a file, to S3 or to stdout."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, cast

import typer

from empi_pipeline.cli.output import Json, note, print_json
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.postgres import Connection
    from empi_pipeline.publishing.export import Format

_FORMATS = {".csv": "csv", ".parquet": "parquet"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("crosswalk")(crosswalk)


def crosswalk(
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE|s3://…", help="A .csv or .parquet file; stdout (CSV) without it."),
    ] = "-",
    data_source: Annotated[
        list[str] | None, typer.Option("--data-source", metavar="NAME", help="Only this data source; repeatable.")
    ] = None,
    retired: Annotated[
        bool, typer.Option("--retired", help="Instead: each retired person_id and the living one it resolves to.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the crosswalk as last published: data_source, source_person_id, person_id.

    Ordered by these columns. A file is replaced when it is complete; a bucket is never created.
    """
    from empi_pipeline.cli.index import open_index

    if retired and data_source:
        raise ConfigurationError("--retired lists persons, which belong to no one data source: leave --data-source out")
    if as_json and output == "-":
        raise ConfigurationError("--json reports on what -o wrote: name a file or an s3:// address with -o")
    file_format = _format_of(output)
    with open_index() as connection:
        rows = _write(connection, output, file_format, data_source, retired)
        _remark_what_is_unpublished(connection)
    if as_json:
        print_json({"output": output, "format": file_format, "rows": rows})
    elif output != "-":
        note(f"{rows:,} rows written to {output}")


def _format_of(output: str) -> "Format":
    if output == "-":
        return "csv"
    suffix = Path(output).suffix.lower()
    if suffix not in _FORMATS:
        raise ConfigurationError(f"{output}: the name must end in .csv or .parquet, which also chooses the format")
    return cast("Format", _FORMATS[suffix])


def _write(
    connection: "Connection", output: str, file_format: "Format", data_sources: list[str] | None, retired: bool
) -> int:
    from empi_pipeline.publishing import export_crosswalk, export_retired_persons

    def export(sink: BinaryIO) -> int:
        if retired:
            return export_retired_persons(connection, sink, file_format)
        return export_crosswalk(connection, sink, file_format, data_sources or None)

    if output == "-":
        rows = export(sys.stdout.buffer)
        sys.stdout.flush()
        return rows
    if output.startswith("s3://"):
        from empi_pipeline.cli.objects import put_object

        with tempfile.TemporaryFile() as body:  # Its size must be known before it is sent, and it may exceed memory.
            rows = export(cast(BinaryIO, body))
            body.seek(0)
            put_object(output, cast(BinaryIO, body))
        return rows
    target = Path(output)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as file:
            rows = export(file)
        partial.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{output}: cannot be written ({error.strerror})") from None
    finally:
        partial.unlink(missing_ok=True)
    return rows


def _remark_what_is_unpublished(connection: "Connection") -> None:
    from empi_pipeline.sql import load

    row = connection.execute(load("cli/unpublished_changes")).fetchone()
    if row and row[0]:
        note(f"note: {row[0]:,} newer identity change(s) are not published yet; the next batch publishes them")
