"""`empi demo`: the whole way on public benchmark data, with the truth at the end."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import Json, print_fields, print_json, say

if TYPE_CHECKING:
    from empi_pipeline.demo import DemoResult


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    generated: Annotated[
        bool, typer.Option("--generated", help="A synthetic population instead: families, twins, four data sources.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Match 5,000 public benchmark records (FEBRL 3) delivered by three data sources, and compare with the truth.

    Runs the real pipeline on embedded servers, in a folder of its own; again, it starts afresh.
    """
    from empi_pipeline.cli.progress import progress
    from empi_pipeline.demo import GENERATED, PUBLIC, run_demo

    with progress("demo") as tell:
        result = run_demo(tell, GENERATED if generated else PUBLIC)
    if as_json:
        print_json(_fields(result))
    else:
        _print(result)


def _fields(result: "DemoResult") -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(result), "home": str(result.home), "agreement": result.agreement.as_figures()}


def _print(result: "DemoResult") -> None:
    reasons = ", ".join(f"{count} {reason}" for reason, count in result.rejected_by_reason.items()) or "all accepted"
    rejected = sum(result.rejected_by_reason.values())
    measured = result.agreement
    say("")
    print_fields(
        {
            "delivered": f"{result.rows_delivered:,} rows in {result.objects} objects, {result.batches} batches",
            "person records": f"{result.rows_new:,} new, {result.rows_known:,} known before (delivered twice)",
            "rejected": f"{rejected} rows: {reasons}",
            "persons": result.persons,
            "duplicates": ", ".join(f"{count:,} in {source}" for source, count in result.duplicates.items()),
            "overlaps": f"{result.overlaps:,} persons known to more than one source",
            "review queue": f"{result.review_cases:,} open cases for a data steward",
            "against the truth": f"precision {measured.precision:.4f}, recall {measured.recall:.4f},"
            f" F1 {measured.f1:.4f} (pairs)",
            "": f"{measured.right:,} pairs right, {measured.wrong:,} wrong, {measured.missed:,} missed;"
            f" {measured.overlaid} persons hold two humans",
            "time": f"{result.load_seconds:.1f} s for the load, {result.total_seconds:.1f} s in all",
        }
    )
    empi = Path(sys.argv[0]).name if Path(sys.argv[0]).name == "empi" else "empi"
    command = f"EMPI_HOME={result.home} {Path(sys.executable).parent / empi}"
    say(
        f"""
What next, on the index of the demo:
  {command} status
  {command} review list
  {command} evaluate {result.home}/truth.csv
  {command} crosswalk | head
  {command} up
On your own files: `make up`, then move files into the folder it prints; or `.venv/bin/empi load FILE`."""
    )
