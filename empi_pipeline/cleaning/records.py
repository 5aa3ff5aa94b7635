"""Rules that look at several columns of one record: one before the columns are cleaned apart, the others after."""

from typing import Final

from empi_pipeline.cleaning.stages import Lookup, Stage
from empi_pipeline.cleaning.text import LETTER, any_of
from empi_pipeline.cleaning.words import people

_NO_GIVEN_NAME: Final = "|".join((*people.SUFFIXES, *people.CREDENTIALS))


def _split(field: str, other: str) -> Stage:
    given = rf"nullif(trim(regexp_extract({field}, ',(.*)$', 1)), '')"
    family = rf"nullif(trim(regexp_extract({field}, '^([^,]*),', 1)), '')"
    return Stage(
        f"whole_name_in_{field}",
        f"`Smith, John` in {field} while {other} is empty: the surname is before the comma.",
        {"first_name": given, "last_name": family},
        when=rf"{other} is null and contains({field}, ',') and regexp_matches({field}, '{LETTER}.*,\s*{LETTER}') "
        rf"and not regexp_matches(lower({field}), ',\s*({_NO_GIVEN_NAME})\.?\s*$')",
    )


BEFORE: Final = (_split("last_name", "first_name"), _split("first_name", "last_name"))
"""On delivered values, column names as delivered."""

AFTER: Final = (
    Stage(
        "name_suffix",
        "The suffix as delivered in its own column, else as found at the surname or the given name, else the "
        "birth order of a newborn.",
        {"name_suffix": "coalesce(name_suffix, last_suffix, first_suffix, twin)"},
    ),
    Stage(
        "middle_name",
        "The middle name as delivered in its own column, else the initial found after the given name.",
        {"middle_name": "coalesce(middle_name, first_middle)"},
    ),
    Stage(
        "placeholder_person",
        "John Doe, Mickey Mouse, Test Patient: the pair of names is a placeholder, though each alone may be real.",
        {"first_name": "null", "last_name": "null", "middle_name": "null"},
        when="nobody is not null or (first_name is null and last_name = 'doe')",
        lookups=(Lookup("nobody", "placeholder_person", "first_name || ' ' || last_name"),),
    ),
    Stage(
        "son",
        "Son is what somebody is to somebody, but before Vietnamese and Korean surnames it is a given name.",
        {"first_name": "null"},
        when=f"first_name = 'son' and coalesce(last_name, '') not in {any_of(people.SURNAMES_WITH_SON)}",
    ),
    Stage(
        "death_before_birth",
        "A death before the birth is a typing error in one of them; the birth date is the one that identifies.",
        {"death_date": "null"},
        when="length(birth_date) = 10 and length(death_date) = 10 and death_date < birth_date",
    ),
)
"""On cleaned columns, and the working columns `last_suffix`, `first_suffix`, `first_middle` and `twin`."""
