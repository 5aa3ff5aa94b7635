"""`empi person`: one person, what happened to it, who had which id when, and merging and splitting by hand."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from empi_pipeline.cli import moments
from empi_pipeline.cli.output import Json, note, print_fields, print_json, print_table, say, shown
from empi_pipeline.cli.saving import Actor, Overrule, Why
from empi_pipeline.errors import ConfigurationError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from empi_pipeline.identity.queries import DecisionInForce, HistoryEntry, Person
    from empi_pipeline.postgres import Connection

app = typer.Typer(name="person", help="Persons: find, show, history, at, merge, split.", no_args_is_help=True)

_MOST_DECISIONS: Final = 20
"""Printed; a person of many records has many."""

PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="Any id it ever had.")]


@app.command("show")
def show(person: PersonId, as_json: Json = False) -> None:
    """Show a person: its records as delivered, the retired ids that became it, and notes."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.cli.notes import print_notes
    from empi_pipeline.identity import queries
    from empi_pipeline.identity.notes import notes_about

    with open_index() as connection:
        found = queries.person(connection, person)
        decisions = queries.decisions_among(connection, [found.person_id])
        notes = notes_about(connection, person_ids=(found.person_id, *found.retired_ids))
    if as_json:
        told = {"decisions": [asdict(each) for each in decisions], "notes": [asdict(each) for each in notes]}
        print_json({**asdict(found), **told})
        return
    if found.asked_for_retired_id:
        say(f"{found.asked_for} is retired; it became:\n")
    fields = {"person": f"{found.person_id}@{found.version}", "created": found.created_at}
    print_fields(fields | ({"retired ids": found.retired_ids} if found.retired_ids else {}))
    say("")
    print_records(found)
    print_decisions(decisions)
    print_notes(notes)


def print_records(person: "Person") -> None:
    """A person's records, with the columns that hold anything in any of them."""
    if not person.records:
        say("no record any more")
        return
    filled = [name for name in person.records[0].values if any(record.values[name] for record in person.records)]
    print_table(
        ("record", *filled),
        [(record.record_id, *(record.values[name] for name in filled)) for record in person.records],
    )


def print_decisions(decisions: "Sequence[DecisionInForce]") -> None:
    """What stewards have decided about these records, and what is in force: by whom, when, in which change, and why."""
    if not decisions:
        return
    say("\ndecisions in force")
    for each in decisions[:_MOST_DECISIONS]:
        said = "one human" if each.kind == "must_link" else "different humans"
        why = f": {each.note}" if each.note else ""
        by = f"{each.actor}, {shown(each.decided_at)}, change {each.change_id}"
        say(f"  {each.record_id_l} and {each.record_id_r} {said} ({by}){why}")
    if len(decisions) > _MOST_DECISIONS:
        say(f"  ... and {len(decisions) - _MOST_DECISIONS} more; --json shows all")


@app.command("find")
def find(
    last_name: Annotated[str | None, typer.Option(help="How the last name begins.")] = None,
    first_name: Annotated[str | None, typer.Option(help="How the first name begins.")] = None,
    birth_date: Annotated[str | None, typer.Option(metavar="YYYY[-MM[-DD]]", help="How the date begins.")] = None,
    data_source: Annotated[str | None, typer.Option(help="With a record of this source.")] = None,
    source_person_id: Annotated[str | None, typer.Option(help="With this id in a source.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="How the person's id begins.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """Find persons with a record that fits everything given. Case, accents and punctuation of names do not matter."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity import queries

    with open_index() as connection:
        found = queries.find_persons(
            connection, last_name=last_name, first_name=first_name, birth_date=birth_date, data_source=data_source,
            source_person_id=source_person_id, person_id=person, limit=limit + 1,
        )  # fmt: skip
    more, found = len(found) > limit, found[:limit]
    if as_json:
        print_json([asdict(each) for each in found])
    elif not found:
        is_usual = birth_date is None or re.fullmatch(r"\d{1,4}|\d{4}-\d{0,2}|\d{4}-\d\d-\d{0,2}", birth_date.strip())
        note("no such person" + ("" if is_usual else "; birth dates are looked up as YYYY-MM-DD"))
    else:
        print_table(
            ("person", "records", "last name", "first name", "birth date", "data source", "source person id"),
            [
                (f"{each.person_id}@{each.version}", each.record_count, each.last_name, each.first_name,
                 each.birth_date, each.data_source, each.source_person_id)
                for each in found
            ],
        )  # fmt: skip
    if more:
        note("there are more: narrow it down, or raise --limit")


@app.command("history")
def history(person: PersonId, as_json: Json = False) -> None:
    """List everything that ever happened to this very id, the oldest first: what, in which change, by whom and why."""
    from dataclasses import asdict

    from empi_pipeline.cli.index import open_index
    from empi_pipeline.identity import queries

    with open_index() as connection:
        entries = queries.history(connection, person)
        own = queries.canonical_person_id(person)
    if as_json:
        print_json([asdict(each) for each in entries])
        return
    print_table(
        ("change", "when", "by", "actor", "what", "record", "other person", "cause", "linked to", "bits", "note"),
        [
            (
                each.change_id,
                each.at,
                each.change_kind + (f" of {each.undoes_change_id}" if each.undoes_change_id else ""),
                each.actor,
                _what(each, own),
                each.record_id,
                each.person_id if each.person_id != own else each.other_person_id,
                each.cause,
                each.linked_record_id,
                None if each.match_weight is None else f"{each.match_weight:.1f}",
                each.note,
            )
            for each in entries
        ],
    )


def _what(entry: "HistoryEntry", own: str) -> str:
    """The event as seen from this id: `person_id` of an event is who has the record, or who is gone, after it."""
    away = entry.person_id != own
    return {
        "person_merged": "took in another" if away else "retired",
        "person_retired": "retired",
        "person_revived": "lives again",
        "person_split": "another came out" if away else "came out of another",
        "record_moved": "record left" if away else "record came",
        "record_assigned": "new record",
        "record_withdrawn": "record withdrawn",
    }.get(entry.kind, entry.kind)


@app.command("at")
def at(
    who: Annotated[
        str, typer.Argument(metavar="PERSON|DATA_SOURCE", help="An id, or the data source of a source identity.")
    ],
    source_person_id: Annotated[
        str | None, typer.Argument(metavar="SOURCE_PERSON_ID", help="Its id in the data source.")
    ] = None,
    when: Annotated[str | None, typer.Option(metavar=moments.METAVAR, help=f"{moments.FORMS}; now without it.")] = None,
    as_json: Json = False,
) -> None:
    """Tell who a source identity was at a moment, or which records an id had then, and what became of it since."""
    from datetime import UTC, datetime

    from empi_pipeline.cli.index import open_index

    moment = moments.optional_moment("--when", when) or datetime.now(UTC)
    with open_index() as connection:
        if source_person_id is None:
            found = _records_then(connection, who, moment)
        else:
            found = _persons_then(connection, who, source_person_id, moment)
    if as_json:
        print_json({"at": moment, "records": found})
    elif not found:
        note(f"no record at {shown(moment)}")
    else:
        say(f"at {shown(moment)}")
        print_table([name.replace("_", " ") for name in found[0]], [tuple(each.values()) for each in found])


def _persons_then(
    connection: "Connection", data_source: str, source_person_id: str, moment: "datetime"
) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from empi_pipeline.identity import queries

    found = queries.persons_at(connection, data_source, source_person_id, moment)
    if not found:
        raise NotFoundError("the index has no record of this source identity from then")
    now = _owners(connection, [each.record_id for each in found])
    return [asdict(each) | {"person_id_now": now.get(each.record_id)} for each in found]


def _records_then(connection: "Connection", person: str, moment: "datetime") -> list[dict[str, Any]]:
    from empi_pipeline.identity import queries

    queries.person(connection, person)  # Says so if nobody ever had this id.
    record_ids = queries.records_at(connection, person, moment)
    now = _owners(connection, record_ids)
    return [{"record_id": record_id, "person_id_now": now.get(record_id)} for record_id in record_ids]


def _owners(connection: "Connection", record_ids: list[int]) -> dict[int, str]:
    """The person of each record now; none where it has been withdrawn."""
    from empi_pipeline.sql import load

    return dict(connection.execute(load("identity/members_of_records"), {"record_ids": record_ids}).fetchall())


@app.command("merge")
def merge(
    persons: Annotated[
        list[str], typer.Argument(metavar="PERSON@VERSION…", help="Two or more, as `empi person show` prints them.")
    ],
    why: Why = None,
    actor: Actor = None,
    overrule: Overrule = False,
    as_json: Json = False,
) -> None:
    """Decide that persons are one human, and publish it. The id with most records stays; the others retire into it.

    Exit code 5, and nothing is written, when one of them is not any more what you looked at.
    """
    from functools import partial

    from empi_pipeline.cli.grouping import looked_at
    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.identity import decisions

    listed = [looked_at(each) for each in persons]
    carry_out(partial(decisions.merge, persons=listed, note=why, overrule=overrule), actor, as_json)


@app.command("split")
def split(
    person: Annotated[
        str, typer.Argument(metavar="PERSON@VERSION", help="The person, as `empi person show` prints it.")
    ],
    off: Annotated[
        list[str], typer.Option(metavar="11,12,…", help="Records of another human; repeatable, one new person each.")
    ],
    why: Why = None,
    actor: Actor = None,
    overrule: Overrule = False,
    as_json: Json = False,
) -> None:
    """Decide that a person is several humans, and publish it. The records not named stay, with the id.

    Exit code 5, and nothing is written, when the person is not any more what you looked at.
    """
    from functools import partial

    from empi_pipeline.cli.grouping import looked_at, record_ids
    from empi_pipeline.cli.saving import carry_out
    from empi_pipeline.identity import decisions

    person_id, version = looked_at(person)
    groups = [record_ids("--off", each) for each in off]
    if sum(map(len, groups)) > len(frozenset[int]().union(*groups)):
        raise ConfigurationError("a record can be in one --off only")
    save = partial(decisions.split, person_id=person_id, version=version, groups=groups, note=why, overrule=overrule)
    carry_out(save, actor, as_json)
