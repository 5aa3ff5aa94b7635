"""What the default model says of names: given name, surname, middle name and suffix."""

from typing import Final

from empi_pipeline.linkage.levels import Level, letters_off, missing

OTHER_GIVEN_NAME = (
    "jaro_winkler_similarity(first_name_l, first_name_r) < 0.8"
    " and least(length(first_name_l), length(first_name_r)) > 1"
    " and not coalesce(list_has_any(given_sets_l, given_sets_r), false)"
    " and not coalesce(list_has_any(given_parts_l, given_parts_r), false)"
)
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
SAME_SURNAME = "last_name_l = last_name_r"

GIVEN_NAME: Final = [
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
    missing("first_name"),
    Level("same", "first_name_l = first_name_r", 0.72, 0.0030, tf="first_name"),
    Level("first and last name swapped", _SWAPPED, 0.016, 0.000001),
    Level("one letter off", letters_off("first_name", 1, 4), 0.11, 0.0015),
    Level("forms of one name", "list_has_any(given_sets_l, given_sets_r)", 0.04, 0.0020),
    Level("share a part", "list_has_any(given_parts_l, given_parts_r)", 0.02, 0.0030),
    Level(
        "initial only",
        "least(length(first_name_l), length(first_name_r)) = 1 and left(first_name_l, 1) = left(first_name_r, 1)",
        0.005,
        0.0005,
    ),
    Level("two letters off", letters_off("first_name", 2, 7), 0.02, 0.0006),
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

SURNAME: Final = [
    missing("last_name"),
    Level("same", "last_name_l = last_name_r", 0.75, 0.0010, tf="last_name"),
    # The bits of a swap are counted once, with the given name.
    Level("first and last name swapped", _SWAPPED, 0.016, 0.016),
    Level("one letter off", letters_off("last_name", 1, 4), 0.09, 0.0006),
    Level("two letters off", letters_off("last_name", 2, 8), 0.025, 0.0004),
    Level("share a part", "list_has_any(family_parts_l, family_parts_r)", 0.02, 0.0002),
    Level(
        "similar",
        "jaro_winkler_similarity(last_name_l, last_name_r) >= 0.88 or family_sound_l = family_sound_r",
        0.03,
        0.0015,
    ),
    Level("in the place of the first name", f"({_MISPLACED}) or ({_SWAPPED_WITH_SLIPS})", 0.01, 0.01),
    # Where a source delivers former surnames.
    Level(
        "a former name",
        "list_contains(previous_names_l, last_name_r) or list_contains(previous_names_r, last_name_l)"
        " or list_has_any(previous_names_l, previous_names_r)",
        0.03,
        0.0005,
    ),
    Level("different, both women", "sex_l = 'f' and sex_r = 'f'", 0.04, 0.24),
    Level("different", "ELSE", 0.044, 0.74),
]

MIDDLE_NAME: Final = [
    missing("middle_name"),
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

SUFFIX: Final = [
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
