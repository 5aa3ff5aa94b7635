"""The columns of person records, defined once. What a column *means* is documented in `docs/data-model.md`."""

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

DERIVED_COLUMNS: Final = ("middle_name", "name_suffix", "address_unit", "phone_extension", "email")
"""What cleaning sets apart from the delivered columns (or takes from extra columns of the same name)."""

CLEANED_COLUMNS: Final = (*PERSON_RECORD_COLUMNS, *DERIVED_COLUMNS)
"""Columns of a cleaned record after `record_id`. All text, NULL where missing."""
