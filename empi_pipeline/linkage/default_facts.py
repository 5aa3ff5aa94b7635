"""What the default model says of everything but names: birth date, numbers, home, phone, sex, e-mail."""

from typing import Final

from empi_pipeline.linkage.default_names import OTHER_GIVEN_NAME, SAME_SURNAME
from empi_pipeline.linkage.levels import Level, digit_off, missing

_TWO_PARTS = (
    "((birth_year_l = birth_year_r and birth_month_l = birth_month_r)"
    " or (birth_year_l = birth_year_r and birth_day_l = birth_day_r)"
    " or (birth_month_l = birth_month_r and birth_day_l = birth_day_r))"
)
_ONE_PART = "(birth_year_l = birth_year_r or birth_month_l = birth_month_r or birth_day_l = birth_day_r)"
_SAME_HOME = (
    "house_number_l = house_number_r and (jaro_winkler_similarity(street_l, street_r) >= 0.92"
    " or (street_word_l = street_word_r and (zip_code_l = zip_code_r or city_l = city_r)))"
)
# A street garbled or left out, where number and zip code agree.
_NEAR_HOME = (
    "zip_code_l = zip_code_r and (jaro_winkler_similarity(street_l, street_r) >= 0.9"
    " or (house_number_l = house_number_r and coalesce(jaro_winkler_similarity(street_l, street_r) >= 0.8, true)))"
)
_OTHER_HOME = (
    "list_contains(other_homes_l, home_r) or list_contains(other_homes_r, home_l)"
    " or list_has_any(other_homes_l, other_homes_r)"
)

BIRTH_DATE: Final = [
    missing("birth_date"),
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

SSN: Final = [
    missing("social_security_number"),
    # Relatives use one another's number.
    Level(
        "same, under another given name",
        f"social_security_number_l = social_security_number_r and {OTHER_GIVEN_NAME}"
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
        digit_off("social_security_number", 3),
        0.04,
        0.000005,
    ),
    Level("different", "ELSE", 0.05, 0.9999),
]

# Members of one household share address, phone and surname. So what an address says is asked given the surname, and
# what a phone says is asked given both: u is the chance among strangers who agree on those already.
HOME: Final = [
    Level(
        "missing",
        "(address_l is null or address_r is null) and (zip_code_l is null or zip_code_r is null)"
        " and (city_l is null or city_r is null)",
    ),
    Level(
        "same address and surname",
        f"{_SAME_HOME} and {SAME_SURNAME}",
        0.40,
        0.004,
        tf="family",
        tf_weight=2.0,
        tf_alone=True,
    ),
    Level("same address", _SAME_HOME, 0.12, 0.0005, tf="family", tf_weight=1.5, tf_alone=True),
    Level(
        "similar address, same zip code",
        _NEAR_HOME,
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
    # Where a source delivers further addresses.
    Level(
        "a further address",
        _OTHER_HOME,
        0.08,
        0.0005,
        tf="family",
        tf_weight=1.5,
        tf_alone=True,
    ),
    Level("same zip code", "zip_code_l = zip_code_r", 0.08, 0.003, tf="zip_code"),
    Level("same city", "city_l = city_r", 0.08, 0.02, tf="city", tf_weight=0.5),
    Level("similar zip code", digit_off("zip_code", 2), 0.04, 0.03),
    Level("different", "ELSE", 0.15, 0.966),
]

PHONE: Final = [
    missing("phone"),
    Level("same, of one household", f"phone_l = phone_r and {_SAME_HOME}", 0.35, 0.20, tf="family", tf_alone=True),
    Level("same, and surname", f"phone_l = phone_r and {SAME_SURNAME}", 0.15, 0.0006, tf="family", tf_alone=True),
    Level("same", "phone_l = phone_r", 0.12, 0.0001, tf="family", tf_alone=True),
    Level("one digit off", digit_off("phone", 4), 0.10, 0.0003, tf="family", tf_alone=True),
    Level("different", "ELSE", 0.28, 0.799),
]

SEX: Final = [
    # Letters other than these are mistakes or say something else than sex.
    Level("missing", "sex_l is null or sex_r is null or sex_l not in ('f', 'm') or sex_r not in ('f', 'm')"),
    Level("same", "sex_l = sex_r", 0.97, 0.5),
    Level("different", "ELSE", 0.03, 0.5),
]

EMAIL: Final = [
    missing("email"),
    Level("same", "email_l = email_r", 0.60, 0.0003),
    Level("different", "ELSE", 0.40, 0.9997),
]

# Numbers of other registers, where a source delivers them. People have several, so another one says nothing.
IDENTIFIER: Final = [
    missing("identifier_set"),
    # The number of whoever pays stands in the records of the family.
    Level(
        "same, under another given name",
        f"list_has_any(identifier_set_l, identifier_set_r) and {OTHER_GIVEN_NAME}"
        " and not coalesce(birth_date_l = birth_date_r, false)",
        0.01,
        0.0002,
        tf="family",
        tf_weight=2.5,
        tf_alone=True,
    ),
    Level("same", "list_has_any(identifier_set_l, identifier_set_r)", 0.60, 0.00001),
    Level("none the same", "ELSE", 0.39, 0.39),
]

# Where there are no relatives, the likeliest error is not among the candidates: each pair is that much more credible.
STRANGERS: Final = [
    missing("family"),
    Level("no relatives among the records", "family_l = family_r", 1.0, 1.0, tf="family", tf_weight=0.5, tf_alone=True),
    Level("other", "ELSE", 0.5, 0.5),
]

# Where nothing ties two records to one small circle, they may be anybody's: the more people, the more namesakes born on
# one day. A number, home or mailbox becomes rarer as the index grows, which makes up for that.
_TIED = (
    "social_security_number_l = social_security_number_r or phone_l = phone_r or email_l = email_r"
    f" or list_has_any(identifier_set_l, identifier_set_r) or {_OTHER_HOME}"
    f" or ({_SAME_HOME})"
    f" or ({digit_off('social_security_number', 3)})"
    f" or ({_NEAR_HOME})"
)

CROWD: Final = [
    missing("crowd"),
    Level("a number, home or mailbox in common", _TIED, 0.5, 0.5),
    Level("nothing but names, dates and towns", "ELSE", 0.001, 0.001, tf="crowd", tf_alone=True),
]
