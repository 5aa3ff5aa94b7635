"""The match model that works without configuration. What each choice rests on: `docs/matching-model.md`.

m: chance that two records of one person reach the level; u: that records of two people do. The weight of a level is
log2(m / u) bits. Levels are tried from top to bottom. All conditions say the same when the records change places.
"""

from functools import cache
from typing import Any, Final

from empi_pipeline.linkage import default_facts, default_names
from empi_pipeline.linkage.levels import Level
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.validation import validated_model

POTENTIAL_THRESHOLD: Final = 0.5
AUTO_THRESHOLD: Final = 0.99
TERM_FREQUENCY_PRIOR: Final = 1000.0
PROBABILITY_TWO_RANDOM_RECORDS_MATCH: Final = 3e-5

COMPARISONS: Final[dict[str, list[Level]]] = {
    "given_name": default_names.GIVEN_NAME,
    "surname": default_names.SURNAME,
    "birth_date": default_facts.BIRTH_DATE,
    "social_security_number": default_facts.SSN,
    "home": default_facts.HOME,
    "phone": default_facts.PHONE,
    "sex": default_facts.SEX,
    "middle_name": default_names.MIDDLE_NAME,
    "name_suffix": default_names.SUFFIX,
    "email": default_facts.EMAIL,
    "identifier": default_facts.IDENTIFIER,
    "strangers": default_facts.STRANGERS,
    "crowd": default_facts.CROWD,
}

# Each rule is narrow (a few records per key among millions), together they find pairs that differ in any one field.
BLOCKING_RULES: Final = [
    "l.social_security_number = r.social_security_number",
    "l.birth_date = r.birth_date and left(l.last_name, 1) = left(r.last_name, 1)",
    "l.birth_date = r.birth_date and left(l.first_name, 1) = left(r.first_name, 1)",
    "l.birth_date = r.birth_date and l.zip_code = r.zip_code",
    "l.first_name = r.first_name and l.last_name = r.last_name",
    "l.given_sound = r.family_sound and l.family_sound = r.given_sound",
    "l.phone = r.phone and left(l.first_name, 1) = left(r.first_name, 1)",
    "l.phone = r.phone and left(l.last_name, 1) = left(r.last_name, 1)",
    "right(l.phone, 4) = right(r.phone, 4) and l.street_word = r.street_word",
    "right(l.phone, 4) = right(r.phone, 4)"
    " and left(l.first_name, 1) = left(r.first_name, 1) and left(l.last_name, 1) = left(r.last_name, 1)",
    "left(l.phone, 6) = left(r.phone, 6)"
    " and left(l.last_name, 2) = left(r.last_name, 2) and left(l.first_name, 2) = left(r.first_name, 2)",
    "l.house_number = r.house_number and l.birth_date = r.birth_date",
    "l.house_number = r.house_number and l.zip_code = r.zip_code and left(l.last_name, 1) = left(r.last_name, 1)",
    "l.house_number = r.house_number and l.city = r.city"
    " and left(l.first_name, 1) = left(r.first_name, 1) and left(l.last_name, 1) = left(r.last_name, 1)",
    "l.house_number = r.house_number and l.street_word = r.street_word"
    " and left(l.first_name, 1) = left(r.first_name, 1)",
    "l.house_number = r.house_number and l.street_word = r.street_word and left(l.last_name, 1) = left(r.last_name, 1)",
    "l.street_word = r.street_word and l.birth_year = r.birth_year and left(l.first_name, 2) = left(r.first_name, 2)",
    "l.street_word = r.street_word and l.birth_year = r.birth_year and left(l.last_name, 2) = left(r.last_name, 2)",
    "l.street_word = r.street_word and l.city = r.city and left(l.last_name, 2) = left(r.last_name, 2)",
    "l.street_word = r.street_word"
    " and left(l.last_name, 2) = left(r.last_name, 2) and left(l.first_name, 2) = left(r.first_name, 2)",
    "l.street_word = r.street_word"
    " and left(l.last_name, 2) = left(r.first_name, 2) and left(l.first_name, 2) = left(r.last_name, 2)",
    "l.zip_code = r.zip_code and l.family_sound = r.family_sound and left(l.first_name, 1) = left(r.first_name, 1)",
    "l.zip_code = r.zip_code and l.given_sound = r.given_sound and left(l.last_name, 1) = left(r.last_name, 1)",
    "l.given_sound = r.given_sound and l.family_sound = r.family_sound and l.birth_year = r.birth_year",
    "l.birth_year = r.birth_year and l.birth_day = r.birth_day and l.family_sound = r.family_sound"
    " and left(l.first_name, 1) = left(r.first_name, 1)",
    # Further values, where sources deliver them.
    "l.identifier_1 = r.identifier_1",
    "l.identifier_1 = r.identifier_2",
    "l.identifier_2 = r.identifier_2",
    "l.first_name = r.first_name and l.last_name = r.previous_name",
    "l.house_number = r.other_house_number and l.street_word = r.other_street_word"
    " and left(l.first_name, 1) = left(r.first_name, 1)",
]


def settings_of(comparisons: dict[str, list[Level]], rules: list[str], prior: float) -> dict[str, Any]:
    """Complete Splink settings of comparisons written as levels."""
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
        "comparisons": [
            {"output_column_name": name, "comparison_levels": [_level_settings(level) for level in levels]}
            for name, levels in comparisons.items()
        ],
    }


def _level_settings(level: Level) -> dict[str, Any]:
    settings: dict[str, Any] = {"sql_condition": level.condition, "label_for_charts": level.label}
    if level.m is None:
        return {**settings, "is_null_level": True}
    settings |= {"m_probability": level.m, "u_probability": level.u}
    if level.given:
        settings |= {"fix_m_probability": True, "fix_u_probability": True}
    if level.tf is not None:
        settings |= {"tf_adjustment_column": level.tf, "tf_adjustment_weight": level.tf_weight}
        if level.tf_alone:
            settings["disable_tf_exact_match_detection"] = True
    return settings


@cache
def default_model() -> MatchModel:
    """The model that is right out of the box: no configuration, no labels, no training."""
    return validated_model(
        "default",
        settings_of(COMPARISONS, BLOCKING_RULES, PROBABILITY_TWO_RANDOM_RECORDS_MATCH),
        POTENTIAL_THRESHOLD,
        AUTO_THRESHOLD,
        term_frequency_prior=TERM_FREQUENCY_PRIOR,
    )
