"""`empi note`: what stewards write down about a case or a person without deciding anything; and reading it again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empi_pipeline.cli.output import Json, print_json, say, shown
from empi_pipeline.cli.saving import Actor
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.postgres import Connection

_COLUMNS = ("note_id", "case_id", "person_id", "actor", "note", "noted_at")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("note")(write_note)


def write_note(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to write down.")],
    case: Annotated[int | None, typer.Option(metavar="CASE", help="About this review case.")] = None,
    person: Annotated[str | None, typer.Option(metavar="PERSON", help="About this person; any id it ever had.")] = None,
    actor: Actor = None,
    as_json: Json = False,
) -> None:
    """Write a note about a case or a person; `empi review show` and `empi person show` print it."""
    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.saving import acting
    from empi_pipeline.identity import queries
    from empi_pipeline.sql import load

    if (case is None) == (person is None):
        raise ConfigurationError("a note is about a case or a person: give either --case or --person")
    if not text.strip():
        raise ConfigurationError("the note is empty")
    with open_index() as connection:
        if case is not None:
            queries.show_case(connection, case)
        about = None if person is None else queries.person(connection, person).person_id
        row = connection.execute(
            load("identity/note_add"), {"case_id": case, "person_id": about, "actor": acting(actor), "note": text}
        ).fetchone()
        assert row is not None
    if as_json:
        print_json({"note_id": row[0], "case_id": case, "person_id": about})
    else:
        say(f"note {row[0]} written")


def notes_about(
    connection: "Connection", *, case_id: int | None = None, person_ids: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Notes about a case, or about any of some persons, the oldest first."""
    from empi_pipeline.sql import load

    query = load("identity/notes_about")
    asked_for: list[dict[str, Any]] = [{"case_id": case_id, "person_id": None}] if case_id is not None else []
    asked_for += [{"case_id": None, "person_id": person_id} for person_id in person_ids]
    rows = [row for parameters in asked_for for row in connection.execute(query, parameters).fetchall()]
    return [dict(zip(_COLUMNS, row, strict=True)) for row in sorted(rows)]


def print_notes(notes: Iterable[dict[str, Any]]) -> None:
    """One paragraph a note."""
    for each in notes:
        say(f"\nnote of {each['actor']}, {shown(each['noted_at'])}\n  {each['note']}")
