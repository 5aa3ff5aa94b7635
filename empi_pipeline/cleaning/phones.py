"""Stages for telephone numbers: digits, extension apart."""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Stage

PHONE: Final = Group(
    name="phone",
    keys=("phone",),
    start={"phone": "phone", "phone_extension": "null::varchar"},
    outputs=("phone", "phone_extension"),
    mostly_unique=True,
    stages=(
        Stage(
            "missing_word",
            "No digit, no number.",
            {"phone": "null"},
            when="not regexp_matches(phone, '[0-9]')",
        ),
        Stage(
            "number_tail",
            "`2469588189.0`: the delivering system took it for a number.",
            {"phone": r"regexp_replace(phone, '\.0*\s*$', '')"},
            when=r"contains(phone, '.') and regexp_matches(phone, '^\s*[0-9]{7,15}\.0*\s*$')",
        ),
        Stage(
            "first_of_several",
            "Two numbers in one field: the first.",
            {"phone": r"regexp_extract(phone, '^((?:[^0-9/;,|&]*[0-9]){10,11})', 1)"},
            when=(
                r"length(phone) > 16 and regexp_matches(phone, '^(?:[^0-9/;,|&]*[0-9]){10,11}\s*(?:[/;,|&]|or |and "
                r")[^0-9]*(?:[^0-9]*[0-9]){7}')"
            ),
        ),
        Stage(
            "extension_apart",
            "An extension reaches a person inside an institution; the number is shared.",
            {
                "phone_extension": r"regexp_extract(phone, '(?i)(?:x|ext|extn|extension|#)[ .:#]*([0-9]{1,6})\D*$', 1)",
                "phone": r"regexp_replace(phone, '(?i)[ ,;(]*(?:x|ext|extn|extension|#)[ .:#]*[0-9]{1,6}\D*$', '')",
            },
            when=(
                r"(contains(lower(phone), 'x') or contains(phone, '#')) and regexp_matches(phone, "
                r"'(?i)[0-9].*(x|ext|extn|extension|#)[ .:#]*[0-9]{1,6}\D*$')"
            ),
        ),
        Stage(
            "digits",
            "Brackets, hyphens and spaces say nothing.",
            {"phone": "regexp_replace(phone, '[^0-9]', '', 'g')"},
            when="regexp_matches(phone, '[^0-9]')",
        ),
        Stage(
            "country_code",
            "The country code 1 before a number of the North American plan; other numbers keep their digits.",
            {"phone": "right(phone, 10)"},
            when="length(phone) >= 11 and regexp_matches(phone, '^(00|011|0111)?1?1[2-9][0-9]{2}[2-9][0-9]{6}$')",
        ),
        Stage(
            "placeholder",
            "One digit repeated, digits in a row, 555-01xx and directory assistance.",
            {"phone": "null"},
            when="length(trim(phone, left(phone, 1))) = 0 "
            "or phone in ('1234567', '1234567890', '0123456789', '9876543210', '2345678901') "
            "or regexp_matches(phone, '^([0-9]{3})?(55501[0-9]{2}|5551212|0000000|1111111|5555555|9999999)$')",
        ),
        Stage(
            "no_number",
            "Fewer than seven digits, or more than the fifteen of ITU E.164.",
            {"phone": "null"},
            when="length(phone) not between 7 and 15",
        ),
        Stage(
            "extension_alone",
            "Without its number an extension says nothing.",
            {"phone_extension": "null"},
            when="phone is null",
        ),
    ),
)
