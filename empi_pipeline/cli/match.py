"""`empi match`: who one incoming record is about. Nothing is stored."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from empi_pipeline.cli.output import Json, note, print_json, print_table, say
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.lookup import Match

_PROMPTED: Final = (
    "first_name",
    "last_name",
    "birth_date",
    "sex",
    "social_security_number",
    "address",
    "city",
    "state",
    "zip_code",
    "phone",
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("match")(match)


def match(
    record: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="One record, as JSON object or CSV with a header; - is stdin."),
    ] = None,
    most: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many persons.")] = 10,
    above: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="P", help="Also less likely ones; the model's potential threshold without it."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the persons that one incoming record may be about, with probability and reasons; nothing is stored.

    The record is cleaned and scored as a batch would. It comes from a file or standard input, or is asked for on a
    terminal: there are no options for its fields, because everybody on a machine can read the arguments of a command.
    """
    from dataclasses import asdict

    from psycopg import IsolationLevel

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.lookup import Matcher
    from empi_pipeline.settings import read_settings

    fields = _fields(record)
    with open_index() as connection, Matcher(read_settings()) as matcher:
        connection.commit()
        connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        found = matcher.match(connection, fields, most=most, above=above)
    if as_json:
        print_json(asdict(found))
    else:
        _print(found)


def _fields(record: Path | None) -> dict[str, str | None]:
    if record is None and sys.stdin.isatty():
        return _asked_for()
    try:
        text = sys.stdin.read() if record is None or str(record) == "-" else record.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{record or 'standard input'}: cannot be read ({type(error).__name__})") from None
    return _from_json(text) if text.lstrip().startswith(("{", "[")) else _from_csv(text)


def _asked_for() -> dict[str, str | None]:
    note("one record; leave empty what you do not know")
    answers = {name: typer.prompt(name, default="", show_default=False, err=True).strip() for name in _PROMPTED}
    return {name: answer or None for name, answer in answers.items()}


def _from_json(text: str) -> dict[str, str | None]:
    try:
        given = json.loads(text)
    except ValueError:
        raise ConfigurationError("the record is not valid JSON") from None
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, dict):
        raise ConfigurationError("give one record: a JSON object of field names and values")
    # Other kinds of values are refused by the matcher, which says which fields they are.
    return {name: str(value) if type(value) is int else value for name, value in given.items()}


def _from_csv(text: str) -> dict[str, str | None]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if len(rows) != 2 or len(rows[0]) != len(rows[1]):
        raise ConfigurationError(
            "give one record: a JSON object, or CSV of a header and one row as long. `empi load` takes files of them"
        )
    return {name.strip(): value or None for name, value in zip(rows[0], rows[1], strict=True)}


def _print(found: "Match") -> None:
    compared = f"compared with {found.compared_records:,} records, model {found.model_name} ({found.model_id})"
    if not found.persons:
        say(f"no person is likely enough; {compared}")
        return
    print_table(
        ["person", "probability", "verdict", "records"],
        [
            [
                each.person_id,
                _probability(each.match_probability),
                "guarded" if each.conflict else each.verdict,
                ", ".join(f"{one.data_source}/{one.source_person_id}" for one in each.records),
            ]
            for each in found.persons
        ],
    )
    for each in found.persons:
        say(f"\n{each.person_id}: {each.explanation.sentence}")
        if each.conflict:
            say(f"  A guard would not join them: {each.conflict}")
    note(f"\n{compared}")


def _probability(probability: float) -> str:
    """Never rounded to certainty."""
    return "over 0.999999" if probability > 0.999999 else f"{probability:.6f}"
