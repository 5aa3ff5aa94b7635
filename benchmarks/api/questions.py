"""What stewards and clients ask an index for: pages of lists, searches, persons and cases, drawn from what is in it."""

import random
from collections.abc import Callable
from typing import Any

from benchmarks.api.client import Asked
from empi_pipeline.postgres import Connection

API = "/api/v1"


def questions(connection: Connection, address_of: Callable[[Asked], Any], count: int, seed: int) -> list[Asked]:
    """So many requests, the kinds in turn, each kind about ever other values.

    Args:
        connection: To the index, for values to ask about: those of records drawn at random, so that a frequent name
            is asked for as frequently.
        address_of: Asks the server and gives its answer, to know cursors.
        count: How many.
        seed: Of the draw.
    """
    dice = random.Random(seed)
    connection.execute("select setseed(%s)", [seed % 97 / 97])
    records = connection.execute(
        "select first_name, last_name, birth_date, data_source, source_person_id, person_id::text"
        " from cleaned.person_records join identity.membership using (record_id)"
        " where first_name is not null and last_name is not null and birth_date is not null"
        " order by random() limit 4000"
    ).fetchall()
    cases = [
        case_id
        for (case_id,) in connection.execute(
            "select case_id from identity.review_cases where status = 'open' order by random() limit 4000"
        )
    ]
    in_cases = connection.execute(
        "select last_name, birth_date from identity.case_pairs join cleaned.person_records on record_id = record_id_l"
        " where last_name is not null and birth_date is not null order by random() limit 4000"
    ).fetchall()
    ((common,),) = connection.execute(
        "select last_name from cleaned.person_records group by 1 order by count(*) desc limit 1"
    ).fetchall()
    cursors = {path: _cursors(address_of, path) for path in ("/persons", "/potential-matches")}

    def record() -> tuple[str, ...]:
        return tuple(dice.choice(records))

    def persons(what: str, **query: object) -> Asked:
        return _get(f"persons {what}", "/persons", query)

    def matches(what: str, **query: object) -> Asked:
        return _get(f"cases {what}", "/potential-matches", query)

    kinds: list[Callable[[], Asked]] = [
        lambda: persons("first page"),
        lambda: persons("by cursor", cursor=dice.choice(cursors["/persons"])),
        lambda: persons("page 2 to 10", page=dice.randint(2, 10)),
        lambda: persons("page 90 to 100", page=dice.randint(90, 100)),
        lambda: matches("first page"),
        lambda: matches("by cursor", cursor=dice.choice(cursors["/potential-matches"])),
        lambda: matches("page 90 to 100", page=dice.randint(90, 100)),
        lambda: matches("of a kind", kind=dice.choice(["potential_match", "conflict"])),
        lambda: matches("of a source", data_source=record()[3]),
        lambda: persons("last name", last_name=record()[1]),
        lambda: persons("beginning of a last name", last_name=record()[1][:3]),
        lambda: persons("first and last name", first_name=(told := record())[0], last_name=told[1]),
        lambda: persons("first name", first_name=record()[0]),
        lambda: persons("birth date", birth_date=record()[2]),
        lambda: persons("year of birth", birth_date=record()[2][:4]),
        lambda: persons("source id", source_person_id=record()[4]),
        lambda: persons("source and its id", data_source=(told := record())[3], source_person_id=told[4]),
        lambda: persons("beginning of an id", person_id=record()[5][:10]),
        lambda: persons("commonest last name", last_name=common),
        lambda: matches("last name", last_name=dice.choice(in_cases)[0]),
        lambda: matches("birth date", birth_date=dice.choice(in_cases)[1]),
        lambda: matches("commonest last name", last_name=common),
        lambda: matches("source id", source_person_id=record()[4]),
        lambda: _get("one person", f"/persons/p_{record()[5]}", {}),
        lambda: _get("one case", f"/potential-matches/pm_{dice.choice(cases)}", {}),
    ]
    asked = [kinds[number % len(kinds)]() for number in range(count)]
    dice.shuffle(asked)
    return asked


def _get(kind: str, path: str, query: dict[str, object]) -> Asked:
    return Asked(kind, API + path, tuple((name, str(value)) for name, value in query.items()))


def _cursors(address_of: Callable[[Asked], Any], path: str) -> list[str]:
    """Places to go on from, of the first pages."""
    found: list[str] = []
    while len(found) < 20:
        query = {"page_size": 200, **({"cursor": found[-1]} if found else {})}
        told = address_of(_get("", path, query))["pagination"]
        if told["next_cursor"] is None:
            break
        found.append(told["next_cursor"])
    return found
