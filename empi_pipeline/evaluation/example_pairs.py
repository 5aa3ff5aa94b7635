"""Written pairs of people who do not exist, to show a model at work. Cleaned values; no record was looked at."""

from typing import Final, NamedTuple

import pyarrow as pa

from empi_pipeline.linkage.key_index import CLEANED_SCHEMA


class ExamplePair(NamedTuple):
    """Two records of invented people; `right` says only what differs from `left`."""

    title: str
    left: dict[str, str | None]
    right: dict[str, str | None]


_ONE: Final[dict[str, str | None]] = {
    "first_name": "margaret",
    "middle_name": "anne",
    "last_name": "holloway",
    "sex": "f",
    "birth_date": "1962-08-19",
    "social_security_number": "219473308",
    "address": "418 quarry ridge rd",
    "city": "dunmore",
    "state": "pa",
    "zip_code": "18512",
    "phone": "5705550143",
}
_CHILD: Final[dict[str, str | None]] = {
    **_ONE,
    "first_name": "lucas",
    "middle_name": None,
    "sex": "m",
    "birth_date": "2016-03-02",
    "social_security_number": None,
}
_FATHER: Final[dict[str, str | None]] = {
    **_ONE,
    "first_name": "walter",
    "middle_name": None,
    "sex": "m",
    "birth_date": "1958-11-30",
    "social_security_number": None,
    "name_suffix": "sr",
}

EXAMPLES: Final = (
    ExamplePair("The same record twice", _ONE, {}),
    ExamplePair("Mistyped surname, moved, no SSN", _ONE, {
        "last_name": "hollaway",
        "social_security_number": None,
        "address": "7 canal st apt 3",
        "city": "wilkes barre",
        "zip_code": "18701",
        "phone": "5705550178",
    }),
    ExamplePair("Nickname, day and month swapped in a later record", {**_ONE, "birth_date": "1962-08-09"}, {
        "first_name": "peggy",
        "middle_name": None,
        "birth_date": "1962-09-08",
    }),
    ExamplePair("Married: another surname and home", _ONE, {
        "last_name": "pruitt",
        "address": "92 larch ave",
        "city": "scranton",
        "zip_code": "18504",
        "phone": None,
    }),
    ExamplePair("Twins", _CHILD, {"first_name": "oliver"}),
    ExamplePair("Father and son of one name", _FATHER, {"birth_date": "1987-05-14", "name_suffix": "jr"}),
    ExamplePair("A number lent within the family", _ONE, {
        "first_name": "denise",
        "middle_name": None,
        "birth_date": "1990-01-27",
    }),
    ExamplePair("Two strangers of one name", _ONE, {
        "middle_name": None,
        "birth_date": "1947-02-05",
        "social_security_number": "530682291",
        "address": "2210 mesa verde dr",
        "city": "tucson",
        "state": "az",
        "zip_code": "85710",
        "phone": "5205550112",
    }),
)  # fmt: skip


def example_records() -> pa.Table:
    """All examples as cleaned records: pair i has the record ids 2i + 1 and 2i + 2."""
    rows = [row for each in EXAMPLES for row in (each.left, {**each.left, **each.right})]
    columns = {
        field.name: pa.array(
            range(1, len(rows) + 1) if field.name == "record_id" else [row.get(field.name) for row in rows], field.type
        )
        for field in CLEANED_SCHEMA
    }
    return pa.table(columns, schema=CLEANED_SCHEMA)
