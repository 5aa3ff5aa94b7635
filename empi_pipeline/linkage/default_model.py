"""The match model that works without configuration. What each choice rests on: `docs/matching-model.md`.

m: chance that two records of one person reach the level; u: that records of two people do. The weight of a level is
log2(m / u) bits. Levels are tried from top to bottom. All conditions say the same when the records change places.
"""

from functools import cache
from typing import Any, Final, NamedTuple

from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.validation import validated_model

POTENTIAL_THRESHOLD: Final = 0.5
AUTO_THRESHOLD: Final = 0.99
TERM_FREQUENCY_PRIOR: Final = 1000.0
PROBABILITY_TWO_RANDOM_RECORDS_MATCH: Final = 3e-5


class Level(NamedTuple):
    """One level of a comparison; `tf` names a column whose term frequency adjusts the weight.

    `given` marks m and u that hold given what other comparisons found; training, which sees each alone, keeps them.
    """

    label: str
    condition: str
    m: float | None = None
    u: float | None = None
    tf: str | None = None
    tf_weight: float = 1.0
    tf_alone: bool = False
    given: bool = False


def _missing(column: str) -> Level:
    return Level("missing", f"{column}_l is null or {column}_r is null")


def _letters_off(column: str, letters: int, shortest: int) -> str:
    """Slips of the keyboard in a word of at least so many letters; short words differ by one letter too easily."""
    left, right = f"{column}_l", f"{column}_r"
    # Jaro-Winkler is 20 times cheaper than an edit distance, and never below 0.7 where these distances hold.
    return (
        f"jaro_winkler_similarity({left}, {right}) >= 0.7 and least(length({left}), length({right})) >= {shortest}"
        f" and damerau_levenshtein({left}, {right}) <= {letters}"
    )


def _digit_off(column: str, kept: int) -> str:
    """One digit wrong, missing, extra or swapped with its neighbour: the first or the last `kept` digits stay right."""
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"(left({left}, {kept}) = left({right}, {kept}) or right({left}, {kept}) = right({right}, {kept}))"
        f" and damerau_levenshtein({left}, {right}) <= 1"
    )


_OTHER_GIVEN_NAME = (
    "jaro_winkler_similarity(first_name_l, first_name_r) < 0.8"
    " and least(length(first_name_l), length(first_name_r)) > 1"
    " and not coalesce(list_has_any(given_sets_l, given_sets_r), false)"
    " and not coalesce(list_has_any(given_parts_l, given_parts_r), false)"
)
_TWO_PARTS = (
    "((birth_year_l = birth_year_r and birth_month_l = birth_month_r)"
    " or (birth_year_l = birth_year_r and birth_day_l = birth_day_r)"
    " or (birth_month_l = birth_month_r and birth_day_l = birth_day_r))"
)
_ONE_PART = "(birth_year_l = birth_year_r or birth_month_l = birth_month_r or birth_day_l = birth_day_r)"
_SWAPPED = "first_name_l = last_name_r and last_name_l = first_name_r"
# The first letters are compared first because that is cheap.
_CROSSED = (
    "(left(first_name_l, 1) = left(last_name_r, 1) and jaro_winkler_similarity(first_name_l, last_name_r) >= 0.92)",
    "(left(last_name_l, 1) = left(first_name_r, 1) and jaro_winkler_similarity(last_name_l, first_name_r) >= 0.92)",
)
_SWAPPED_WITH_SLIPS = (
    f"({_CROSSED[0]} and {_CROSSED[1]})"
    " or (given_sound_l = family_sound_r and family_sound_l = given_sound_r"
    " and least(length(given_sound_l), length(given_sound_r)) > 1)"
)
_MISPLACED = (
    f"({_CROSSED[0]} or {_CROSSED[1]}) and jaro_winkler_similarity(last_name_l, last_name_r) < 0.8"
    " and least(length(first_name_l), length(first_name_r), length(last_name_l), length(last_name_r)) >= 3"
    " and jaro_winkler_similarity(first_name_l, first_name_r) < 0.8"
)
_SAME_INITIAL = "left(middle_name_l, 1) = left(middle_name_r, 1)"
_SAME_SURNAME = "last_name_l = last_name_r"
_SAME_HOME = (
    "house_number_l = house_number_r and (jaro_winkler_similarity(street_l, street_r) >= 0.92"
    " or (street_word_l = street_word_r and (zip_code_l = zip_code_r or city_l = city_r)))"
)

_GIVEN_NAME = [
    # All of a family share what is left: only a Social Security number makes up for the given name.
    Level(
        "missing, in a family",
        "(first_name_l is null or first_name_r is null) and last_name_l = last_name_r"
        " and not coalesce(social_security_number_l = social_security_number_r, false)"
        f" and not coalesce({_SAME_INITIAL}, false)",
        0.0003,
        0.60,
        tf="family",
        tf_weight=2.0,
        tf_alone=True,
    ),
    Level(
        "missing, in a family, same middle initial",
        "(first_name_l is null or first_name_r is null) and last_name_l = last_name_r"
        " and not coalesce(social_security_number_l = social_security_number_r, false)",
        0.01,
        0.40,
        tf="family",
        tf_alone=True,
    ),
    _missing("first_name"),
    Level("same", "first_name_l = first_name_r", 0.72, 0.0030, tf="first_name"),
    Level("first and last name swapped", _SWAPPED, 0.016, 0.000001),
    Level("one letter off", _letters_off("first_name", 1, 4), 0.11, 0.0015),
    Level("forms of one name", "list_has_any(given_sets_l, given_sets_r)", 0.04, 0.0020),
    Level("share a part", "list_has_any(given_parts_l, given_parts_r)", 0.02, 0.0030),
    Level(
        "initial only",
        "least(length(first_name_l), length(first_name_r)) = 1 and left(first_name_l, 1) = left(first_name_r, 1)",
        0.005,
        0.0005,
    ),
    Level("two letters off", _letters_off("first_name", 2, 7), 0.02, 0.0006),
    Level("swapped, with slips", _SWAPPED_WITH_SLIPS, 0.005, 0.000004),
    Level(
        "similar",
        "jaro_winkler_similarity(first_name_l, first_name_r) >= 0.88 or given_sound_l = given_sound_r",
        0.03,
        0.0050,
    ),
    Level("in the place of the last name", _MISPLACED, 0.004, 0.0010),
    Level(
        "first and middle name changed places",
        "left(middle_name_l, 1) = left(first_name_r, 1) and left(middle_name_r, 1) = left(first_name_l, 1)",
        0.004,
        0.0040,
    ),
    Level(
        "different, as twins are",
        "birth_date_l = birth_date_r and last_name_l = last_name_r",
        0.009,
        0.40,
        tf="family",
        tf_weight=0.25,
        tf_alone=True,
    ),
    Level("different", "ELSE", 0.04, 0.58),
]

_SURNAME = [
    _missing("last_name"),
    Level("same", "last_name_l = last_name_r", 0.75, 0.0010, tf="last_name"),
    # The bits of a swap are counted once, with the given name.
    Level("first and last name swapped", _SWAPPED, 0.016, 0.016),
    Level("one letter off", _letters_off("last_name", 1, 4), 0.09, 0.0006),
    Level("two letters off", _letters_off("last_name", 2, 8), 0.025, 0.0004),
    Level("share a part", "list_has_any(family_parts_l, family_parts_r)", 0.02, 0.0002),
    Level(
        "similar",
        "jaro_winkler_similarity(last_name_l, last_name_r) >= 0.88 or family_sound_l = family_sound_r",
        0.03,
        0.0015,
    ),
    Level("in the place of the first name", f"({_MISPLACED}) or ({_SWAPPED_WITH_SLIPS})", 0.01, 0.01),
    Level("different, both women", "sex_l = 'f' and sex_r = 'f'", 0.04, 0.24),
    Level("different", "ELSE", 0.044, 0.74),
]

_BIRTH_DATE = [
    _missing("birth_date"),
    Level("same", "birth_date_l = birth_date_r", 0.85, 0.000035),
    Level(
        "same as far as known",
        "(length(birth_date_l) < 10 or length(birth_date_r) < 10) and"
        " (starts_with(birth_date_l, birth_date_r) or starts_with(birth_date_r, birth_date_l))",
        0.01,
        0.002,
    ),
    Level(
        "day and month swapped",
        "birth_year_l = birth_year_r and birth_month_l = birth_day_r and birth_day_l = birth_month_r",
        0.01,
        0.00001,
    ),
    Level("one digit off", f"{_TWO_PARTS} and damerau_levenshtein(birth_date_l, birth_date_r) <= 1", 0.07, 0.0012),
    Level("one part different", _TWO_PARTS, 0.01, 0.0030),
    # The first of January stands for a day nobody knew.
    Level(
        "same year, one of them on 1 January",
        "birth_year_l = birth_year_r and (right(birth_date_l, 5) = '01-01' or right(birth_date_r, 5) = '01-01')",
        0.005,
        0.0003,
    ),
    Level("two digits off", f"{_ONE_PART} and damerau_levenshtein(birth_date_l, birth_date_r) <= 2", 0.02, 0.02),
    Level("different", "ELSE", 0.03, 0.974),
]

_SSN = [
    _missing("social_security_number"),
    # Relatives use one another's number.
    Level(
        "same, under another given name",
        f"social_security_number_l = social_security_number_r and {_OTHER_GIVEN_NAME}"
        " and not coalesce(birth_date_l = birth_date_r, false)",
        0.01,
        0.0002,
        tf="family",
        tf_weight=2.5,
        tf_alone=True,
    ),
    Level("same", "social_security_number_l = social_security_number_r", 0.89, 0.000001),
    Level(
        "last four, no more known",
        "ssn_last4_l = ssn_last4_r and least(length(social_security_number_l), length(social_security_number_r)) = 4",
        0.01,
        0.0001,
    ),
    Level(
        "one digit off",
        _digit_off("social_security_number", 3),
        0.04,
        0.000005,
    ),
    Level("different", "ELSE", 0.05, 0.9999),
]

# Members of one household share address, phone and surname. So what an address says is asked given the surname, and
# what a phone says is asked given both: u is the chance among strangers who agree on those already.
_HOME = [
    Level(
        "missing",
        "(address_l is null or address_r is null) and (zip_code_l is null or zip_code_r is null)"
        " and (city_l is null or city_r is null)",
    ),
    Level(
        "same address and surname",
        f"{_SAME_HOME} and {_SAME_SURNAME}",
        0.40,
        0.004,
        tf="family",
        tf_weight=2.0,
        tf_alone=True,
    ),
    Level("same address", _SAME_HOME, 0.12, 0.0005, tf="family", tf_weight=1.5, tf_alone=True),
    Level(
        "similar address, same zip code",
        "zip_code_l = zip_code_r and jaro_winkler_similarity(street_l, street_r) >= 0.9",
        0.15,
        0.0005,
        tf="family",
        tf_alone=True,
    ),
    Level(
        "similar address, same city",
        "city_l = city_r and jaro_winkler_similarity(street_l, street_r) >= 0.92",
        0.04,
        0.0005,
    ),
    Level("same zip code", "zip_code_l = zip_code_r", 0.08, 0.003, tf="zip_code"),
    Level("same city", "city_l = city_r", 0.08, 0.02, tf="city", tf_weight=0.5),
    Level("similar zip code", _digit_off("zip_code", 2), 0.04, 0.03),
    Level("different", "ELSE", 0.15, 0.966),
]

_PHONE = [
    _missing("phone"),
    Level("same, of one household", f"phone_l = phone_r and {_SAME_HOME}", 0.35, 0.20, tf="family", tf_alone=True),
    Level("same, and surname", f"phone_l = phone_r and {_SAME_SURNAME}", 0.15, 0.0006, tf="family", tf_alone=True),
    Level("same", "phone_l = phone_r", 0.12, 0.0001, tf="family", tf_alone=True),
    Level("one digit off", _digit_off("phone", 4), 0.10, 0.0003, tf="family", tf_alone=True),
    Level("different", "ELSE", 0.28, 0.799),
]

_SEX = [
    # Letters other than these are mistakes or say something else than sex.
    Level("missing", "sex_l is null or sex_r is null or sex_l not in ('f', 'm') or sex_r not in ('f', 'm')"),
    Level("same", "sex_l = sex_r", 0.97, 0.5),
    Level("different", "ELSE", 0.03, 0.5),
]

_MIDDLE_NAME = [
    _missing("middle_name"),
    Level(
        "same", "middle_name_l = middle_name_r and least(length(middle_name_l), length(middle_name_r)) > 1", 0.50, 0.012
    ),
    Level(
        "same initial",
        f"{_SAME_INITIAL} and (least(length(middle_name_l), length(middle_name_r)) = 1"
        " or jaro_winkler_similarity(middle_name_l, middle_name_r) >= 0.85)",
        0.46,
        0.085,
    ),
    Level("different", "ELSE", 0.04, 0.90),
]

# Father and son share the name: what a suffix says is asked given that name and birth date were compared.
_SUFFIX = [
    Level("missing", "name_suffix_l is null and name_suffix_r is null"),
    Level("same", "name_suffix_l = name_suffix_r", 0.60, 0.20, given=True),
    Level(
        "known of one only, birth date no help",
        "(name_suffix_l is null or name_suffix_r is null) and birth_date_l is distinct from birth_date_r",
        0.001,
        0.50,
        tf="family",
        tf_alone=True,
        given=True,
    ),
    Level("known of one only", "name_suffix_l is null or name_suffix_r is null", 0.375, 0.30, given=True),
    Level("different", "ELSE", 0.005, 0.10, given=True),
]

_EMAIL = [
    _missing("email"),
    Level("same", "email_l = email_r", 0.60, 0.0003),
    Level("different", "ELSE", 0.40, 0.9997),
]

# Where there are no relatives, the likeliest error is not among the candidates: each pair is that much more credible.
_STRANGERS = [
    _missing("family"),
    Level("no relatives among the records", "family_l = family_r", 1.0, 1.0, tf="family", tf_weight=0.5, tf_alone=True),
    Level("other", "ELSE", 0.5, 0.5),
]

COMPARISONS: Final[dict[str, list[Level]]] = {
    "given_name": _GIVEN_NAME,
    "surname": _SURNAME,
    "birth_date": _BIRTH_DATE,
    "social_security_number": _SSN,
    "home": _HOME,
    "phone": _PHONE,
    "sex": _SEX,
    "middle_name": _MIDDLE_NAME,
    "name_suffix": _SUFFIX,
    "email": _EMAIL,
    "strangers": _STRANGERS,
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
