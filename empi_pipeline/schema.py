"""The columns of person records, defined once. What a column *means* is documented in `docs/data-model.md`."""

import re
from typing import Final

SOURCE_IDENTITY_COLUMNS: Final = ("data_source", "source_person_id")
"""Required in every delivered row; together they name a source identity."""

ATTRIBUTE_COLUMNS: Final = (
    "first_name",
    "last_name",
    "sex",
    "race",
    "birth_date",
    "death_date",
    "social_security_number",
    "address",
    "city",
    "state",
    "zip_code",
    "county",
    "phone",
)
"""The optional columns of a delivered row."""

PERSON_RECORD_COLUMNS: Final = (*SOURCE_IDENTITY_COLUMNS, *ATTRIBUTE_COLUMNS)
"""The standard 15 columns, in the order of the reference system's files. All text."""

PLACES: Final = ("", "_2", "_3")
"""Ends of the names of extra columns that may come several times."""

IDENTIFIER_PREFIX: Final = "identifier_"
"""Extra columns `identifier_<register>` are numbers that one human has in another register."""

_IDENTIFIER: Final = re.compile(IDENTIFIER_PREFIX + "[a-z0-9_]+")

FURTHER_COLUMNS: Final = (
    "middle_name",
    "name_suffix",
    "email",
    *(f"previous_last_name{place}" for place in PLACES),
    *(f"other_{part}{place}" for place in PLACES for part in ("address", "city", "state", "zip_code")),
)
"""Extra columns that matching uses where they are delivered; so are those with `IDENTIFIER_PREFIX`."""

DERIVED_COLUMNS: Final = ("middle_name", "name_suffix", "address_unit", "phone_extension", "email")
"""What cleaning sets apart from the delivered columns (or takes from extra columns of the same name)."""

FURTHER_CLEANED_COLUMNS: Final = ("previous_last_names", "other_addresses", "identifiers")
"""Further values from extra columns, several of them separated by `|`: surnames; `<address>, <zip code or city>`;
`<register>:<number>`."""

CLEANED_COLUMNS: Final = (*PERSON_RECORD_COLUMNS, *DERIVED_COLUMNS, *FURTHER_CLEANED_COLUMNS)
"""Columns of a cleaned record after `record_id`. All text, NULL where missing."""


def is_person_column(name: str) -> bool:
    """Whether a delivered column may be declared to be this one: a standard column, or one that matching uses too."""
    return name in PERSON_RECORD_COLUMNS or name in FURTHER_COLUMNS or bool(_IDENTIFIER.fullmatch(name))
