"""`empi generate`: person records of people who do not exist, with the truth about who is who."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import Json, print_fields, print_json, say

if TYPE_CHECKING:
    from empi_pipeline.synthetic import Summary


class FileFormat(StrEnum):
    """Of the files."""

    csv = "csv"
    ndjson = "ndjson"
    parquet = "parquet"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIRECTORY", help="A new or empty folder.")],
    records: Annotated[int, typer.Option(metavar="N", help="Rows to deliver, all together.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed and options give the same bytes.")] = 1,
    sources: Annotated[
        str, typer.Option(metavar="NAME,…", help="Of hospital, clinic, payer, lab, pharmacy, registry.")
    ] = "hospital,clinic,payer,lab",
    deliveries: Annotated[int, typer.Option(help="Each source delivers so often, month by month, with changes.")] = 1,
    families: Annotated[bool, typer.Option(help="Households, twins, juniors; without, everybody lives alone.")] = True,
    error_rate: Annotated[float, typer.Option(min=0, help="Errors and gaps, as a multiple of the usual.")] = 1.0,
    extra: Annotated[bool, typer.Option("--extra", help="Also middle_name, suffix and email as columns.")] = False,
    file_format: Annotated[FileFormat, typer.Option("--format", help="Of the files.")] = FileFormat.csv,
    as_json: Json = False,
) -> None:
    """Make person records with known truth: households, twins, juniors, moves, marriages, typing errors, gaps.

    Writes DIRECTORY/<date>/<source>/person_records.<format> per delivery, truth.csv and summary.json.
    """
    from empi_pipeline import synthetic
    from empi_pipeline.cli.progress import progress

    shares = synthetic.Shares() if families else synthetic.Shares().without_families()
    plan = synthetic.Plan(
        records=records,
        seed=seed,
        sources=synthetic.sources_named(tuple(name.strip() for name in sources.split(",") if name.strip())),
        deliveries=deliveries,
        extra=extra,
        shares=shares.with_errors(error_rate),
    )
    with progress("generate") as tell:
        summary = synthetic.generate(plan, out, file_format.value, lambda rows: tell(f"{rows:,} rows"))
    if as_json:
        print_json(_fields(summary))
    else:
        _print(summary)


def _fields(summary: "Summary") -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(summary), "folder": str(summary.folder)}


def _print(summary: "Summary") -> None:
    print_fields(
        {
            "records": summary.records,
            "source identities": summary.identities,
            "humans": summary.humans,
            "truth": summary.folder / "truth.csv",
        }
    )
    for delivery, sources in summary.deliveries.items():
        shown = ", ".join(f"{rows:,} of the {source}" for source, rows in sources.items())
        say(f"empi load {summary.folder / delivery}    # {shown}")
