"""Stages for sex and race."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import MARK, MISSING_WORDS, any_of, folded, squeezed
from empi_pipeline.cleaning.words import people

SEX: Final = Group(
    name="sex",
    keys=("sex",),
    start={"sex": "sex"},
    outputs=("sex",),
    stages=(
        Stage(
            "folded", "Case and white space say nothing.", {"sex": r"regexp_replace(trim(lower(sex)), '\.0*$|\.$', '')"}
        ),
        Stage(
            "standard_letter",
            "Words, ISO/IEC 5218 and HL7 v2 codes in one letter; single letters that are none of them stay.",
            {"sex": "sex_word"},
            when="sex_word is not null",
            lookups=(Lookup("sex_word", "sex", "sex"),),
        ),
        Stage(
            "unknown",
            "Unknown, undetermined, and words that name no sex.",
            {"sex": "null"},
            when=f"sex in {any_of(people.UNKNOWN_SEXES)} or not regexp_matches(sex, '^[a-z]$')",
        ),
    ),
)

RACE: Final = Group(
    name="race",
    keys=("race",),
    start={"race": "race"},
    outputs=("race",),
    stages=(
        Stage("folded", "Case and accents say nothing.", {"race": folded("race")}),
        Stage(
            "spaces",
            "Marks become single spaces, none at the ends.",
            {"race": squeezed(f"regexp_replace(race, '{MARK}+', ' ', 'g')")},
        ),
        Stage(
            "missing_word",
            "Unknown, refused and the like.",
            {"race": "null"},
            when=f"race in {any_of((*MISSING_WORDS, 'asku', 'unknown race', 'patient refused', 'prefer not to say'))}",
        ),
    ),
)
