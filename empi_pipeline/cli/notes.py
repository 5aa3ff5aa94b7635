"""`empi note`: what stewards write down about a case or a person without deciding anything; and reading it again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from empi_pipeline.cli.output import Json, print_json, say, shown
from empi_pipeline.cli.saving import Actor
from empi_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from empi_pipeline.identity.notes import Note


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
    from empi_pipeline.identity.notes import add_note

    if (case is None) == (person is None):
        raise ConfigurationError("a note is about a case or a person: give either --case or --person")
    with open_index() as connection:
        written = add_note(connection, text, actor=acting(actor), case_id=case, person_id=person)
    if as_json:
        print_json({"note_id": written.note_id, "case_id": written.case_id, "person_id": written.person_id})
    else:
        say(f"note {written.note_id} written")


def print_notes(notes: "Iterable[Note]") -> None:
    """One paragraph a note."""
    for each in notes:
        say(f"\nnote of {each.actor}, {shown(each.noted_at)}\n  {each.note}")
