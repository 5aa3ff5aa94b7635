"""Stages for city, state, ZIP code and county."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import MARK, MISSING_WORDS, NEEDS_SQUEEZE, any_of, folded, rewritten, squeezed


def _shape(column: str) -> tuple[Stage, ...]:
    return (
        Stage("folded", "Case, accents and typographic variants say nothing.", {column: folded(column)}),
        Stage(
            "missing_word",
            "Unknown, N/A and the like.",
            {column: "null"},
            when=f"trim({column}) in {any_of(('', *MISSING_WORDS))}",
        ),
        Stage(
            "punctuation",
            "Apostrophes are dropped, other marks become a space.",
            {column: rf"regexp_replace(replace({column}, '''', ''), '{MARK}+', ' ', 'g')"},
            when=rf"regexp_matches({column}, '{MARK}')",
        ),
        Stage(
            "spaces",
            "Single spaces, none at the ends.",
            {column: squeezed(column)},
            when=NEEDS_SQUEEZE.format(value=column),
        ),
    )


CITY: Final = Group(
    name="city",
    keys=("city",),
    start={"city": "city"},
    outputs=("city",),
    stages=(
        *_shape("city"),
        Stage(
            "saint_fort_mount",
            "`St. Louis` and `Saint Louis`, `Ft Worth` and `Fort Worth`, `Mt Vernon` and `Mount Vernon` are one place.",
            {
                "city": rewritten(
                    "city", ("^saint ", "st "), ("^sainte ", "ste "), ("^ft ", "fort "), ("^mt ", "mount ")
                )
            },
            when=r"regexp_matches(city, '^(sainte?|ft|mt) .')",
        ),
    ),
)

STATE: Final = Group(
    name="state",
    keys=("state",),
    start={"state": "state"},
    outputs=("state",),
    stages=(
        *_shape("state"),
        Stage(
            "standard_code",
            "Names and old abbreviations become the two-letter code; what is not known stays as delivered.",
            {"state": "known"},
            when="known is not null",
            lookups=(Lookup("known", "state", "state"),),
        ),
        Stage(
            "letters_together",
            "`N Y`, `D. C.`",
            {"state": "replace(state, ' ', '')"},
            when="regexp_matches(state, '^[a-z] [a-z]$')",
        ),
        Stage(
            "placeholder",
            "Two letters typed to get past a mandatory field.",
            {"state": "null"},
            when="state in ('xx', 'zz', 'us', 'usa', '00', '99')",
        ),
    ),
)

ZIP_CODE: Final = Group(
    name="zip_code",
    keys=("zip_code", "clean_state"),
    start={"zip_code": "lower(trim(zip_code))", "clean_state": "clean_state"},
    outputs=("zip_code",),
    stages=(
        Stage(
            "missing_word",
            "Unknown, N/A and the like.",
            {"zip_code": "null"},
            when=f"zip_code in {any_of(('', *MISSING_WORDS))}",
        ),
        Stage(
            "number_tail",
            "`2138.0`: taken for a number.",
            {"zip_code": r"regexp_replace(zip_code, '\.0*$', '')"},
            when=r"regexp_matches(zip_code, '^[0-9]{3,9}\.0*$')",
        ),
        Stage(
            "five_digits",
            "The delivery route after the ZIP code changes without a move.",
            {"zip_code": "left(zip_code, 5)"},
            when="regexp_matches(zip_code, '^[0-9]{5}([- ]?([0-9]{4})?)$') and length(zip_code) > 5",
        ),
        Stage(
            "lost_zero",
            "A leading zero is put back only where state and digits agree that there was one (`ma 2138`); never "
            "in other "
            "states, and never in postcodes of other countries.",
            {"zip_code": "lpad(zip_code, 5, '0')"},
            when="zero is not null",
            lookups=(
                Lookup(
                    "zero",
                    "zero_zip",
                    "case when length(zip_code) between 3 and 4 and regexp_matches(zip_code, '^[0-9]+$') "
                    "then clean_state || ' ' || left(lpad(zip_code, 5, '0'), 3) end",
                ),
            ),
        ),
        Stage(
            "letters_together",
            "`K1A 0B6`: postcodes with letters are written without space.",
            {"zip_code": r"regexp_replace(zip_code, '[\s-]+', '', 'g')"},
            when=r"regexp_matches(zip_code, '[a-z]') and regexp_matches(zip_code, '[\s-]')",
        ),
        Stage(
            "placeholder",
            "One digit repeated: typed to get past a mandatory field.",
            {"zip_code": "null"},
            when=(
                "zip_code in ('0000', '9999', '000') or length(zip_code) >= 5 "
                "and length(trim(zip_code, left(zip_code, 1))) = 0 and zip_code not in ('22222', '44444', '55555')"
            ),
        ),
    ),
    after=("state",),
)
"""22222 (Arlington), 44444 (Newton Falls) and 55555 (Young America) exist."""

COUNTY: Final = Group(
    name="county",
    keys=("county",),
    start={"county": "county"},
    outputs=("county",),
    stages=(
        *_shape("county"),
        Stage(
            "kind_of_county",
            "`Cook County` and `Cook` are one county.",
            {"county": r"regexp_replace(county, ' (county|cnty|co|parish|borough|census area|municipio)$', '')"},
            when=r"regexp_matches(county, ' (county|cnty|co|parish|borough|census area|municipio)$')",
        ),
    ),
)
