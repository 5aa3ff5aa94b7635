"""Stages for birth and death dates. They read the day of cleaning from the SQL variable `cleaning_today`.

What comes out is `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` where the rest was not delivered. A value in the shape of a date
that the calendar does not have (`19930453`) is kept in the same shape (`1993-04-53`): comparison by parts still sees
the one wrong digit. Whoever needs a real date uses `try_cast(birth_date as date)`.

Casts are always try_cast: the message of a failed cast would carry the value.
"""

from typing import Final

from empi_pipeline.cleaning.stages import Group, Lookup, Stage
from empi_pipeline.cleaning.text import MISSING_WORDS, any_of

PLACEHOLDER_DATES: Final = (
    "1900-01-01", "1901-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "1753-01-01", "1111-11-11", "1911-11-11",
    "2222-02-02", "0001-01-01", "9999-12-31",
    "1900", "1900-01", "9999", "9999-12",
)  # fmt: skip
"""Defaults of software: zero dates of Excel, Unix and SQL Server, "unknown" of registration systems."""

OLDEST_AGE_YEARS: Final = 120

CLEANING_DAY: Final = "getvariable('cleaning_today')"
_TODAY: Final = f"{CLEANING_DAY}::date"
_OLDEST: Final = f"({_TODAY} - interval {OLDEST_AGE_YEARS} year)::date::varchar"

_D_MON_Y: Final = r"^([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]*(?:de |of )?[a-z]{3,10}[-/., ]*(?:de )?([0-9]{4}|[0-9]{2})$"
_MON_D_Y: Final = r"^[a-z]{3,10}[-/. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4}|[0-9]{2})$"
_MON_Y: Final = r"^[a-z]{3,10}[-/., ]*([0-9]{4})$"
_Y_MON_D: Final = r"^([0-9]{4})[-/. ]*[a-z]{3,10}[-/. ]*([0-9]{1,2})$"
_MONTH_WORD: Final = r"(?:^|[^a-z])(?:[0-9]+(?:st|nd|rd|th)[-/., ]*)?(?:de |of )?([a-z]{3,10})"


def date_group(column: str) -> Group:
    """The stages of one date column, keyed by the value and the order of its data source (`<column>_order`)."""
    return Group(
        name=column,
        keys=(column, f"{column}_order"),
        start={
            column: column,
            "value": f"lower(trim({column}))",
            "date_order": f"{column}_order",
            "parts": "null::varchar[]",
            "y": "null::varchar",
            "m": "null::varchar",
            "d": "null::varchar",
        },
        outputs=(column,),
        stages=(_missing_word(column), *_PREPARATION, *_READING, *_judgement(column)),
    )


def _missing_word(column: str) -> Stage:
    return Stage(
        "missing_word",
        "Unknown, N/A and the like.",
        {"value": "null", column: "null"},
        when=f"value = '' or value in {any_of(MISSING_WORDS)}",
    )


_PREPARATION: Final = (
    Stage(
        "time_of_day",
        "A time of day after the date (ISO, US or HL7 v2 notation) is no part of it.",
        {
            "value": (
                r"regexp_replace(regexp_replace(value, '[t ]+[0-9]{1,2}:[0-9]{2}.*$', ''), "
                r"'^([0-9]{8})[0-9]{4,6}(\.[0-9]+)?([-+][0-9]{4}|z)?$', '\1')"
            )
        },
        when=(
            r"contains(value, ':') or regexp_matches(value, "
            r"'^(18|19|20)[0-9]{10}([0-9]{2})?(\.[0-9]+)?([-+][0-9]{4}|z)?$')"
        ),
    ),
    Stage(
        "number_tail",
        "`19930413.0`: the delivering system took the date for a number.",
        {"value": r"regexp_replace(value, '\.0*$', '')"},
        when=r"regexp_matches(value, '^[0-9]{4,8}\.0*$')",
    ),
    Stage(
        "weekday",
        "`Tue, 13 Apr 1993`: the weekday says nothing new.",
        {"value": r"regexp_replace(value, '^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,. ]+', '')"},
        when=r"regexp_matches(value, '^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,. ]+[0-9a-z]')",
    ),
    Stage(
        "unknown_parts",
        "`XX/XX/1993`, `1993-??-??`: parts said to be unknown become 00, and so a partial date.",
        {"value": r"regexp_replace(value, '(^|[-/. ])(xx|uu|\?\?|\*\*|__|--|dd|mm)', '\100', 'g')"},
        when=r"regexp_matches(value, '(^|[-/. ])(xx|uu|\?\?|\*\*|__|--|dd|mm)([-/. ]|$)')",
    ),
    Stage(
        "parts",
        "Three numbers between separators, for the stages that read them.",
        {"parts": r"string_split(translate(value, '-. ', '///'), '/')"},
        when=(
            r"regexp_matches(value, '^([0-9]{4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. "
            r"]([0-9]{4}|[0-9]{2}))$')"
        ),
        counted=False,
    ),
)

_FIRST: Final = "try_cast(parts[1] as int)"
_SECOND: Final = "try_cast(parts[2] as int)"
_YEAR_IS_FIRST: Final = f"(date_order like 'ymd%' and length(parts[3]) = 2 or {_FIRST} > 31)"
_DAY_IS_FIRST: Final = (
    f"({_FIRST} > 12 and {_SECOND} <= 12 or date_order like 'dmy%' and not ({_SECOND} > 12 and {_FIRST} <= 12))"
)
_EIGHT: Final = (
    "(case when date_order like '%8' and (date_order like 'y%' or regexp_matches(value, '(18|19|20)[0-9]{2}$')) "
    "then left(date_order, 3) "
    "when regexp_matches(value, '^(18|19|20)') then 'ymd' "
    "when regexp_matches(value, '(18|19|20)[0-9]{2}$') then case when date_order like 'dmy%' then 'dmy' else "
    "'mdy' end else 'ymd' end)"
)
_PADDED: Final = "(case when length(value) = 7 then '0' || value else value end)"

_READING: Final = (
    Stage(
        "year_first",
        "`1993-04-13`, `1993/4/13`: year first is never ambiguous.",
        {
            "y": "parts[1]",
            "m": "case when date_order like 'ydm%' then parts[3] else parts[2] end",
            "d": "case when date_order like 'ydm%' then parts[2] else parts[3] end",
        },
        when="length(parts[1]) = 4",
    ),
    Stage(
        "year_last",
        "`4/13/1993`, `13.04.93`: a part above 12 is the day; otherwise the order of the data source decides.",
        {
            "y": f"case when {_YEAR_IS_FIRST} then parts[1] else parts[3] end",
            "m": f"case when {_YEAR_IS_FIRST} or {_DAY_IS_FIRST} then parts[2] else parts[1] end",
            "d": f"case when {_YEAR_IS_FIRST} then parts[3] when {_DAY_IS_FIRST} then parts[1] else parts[2] end",
        },
        when="length(parts[1]) < 4",
    ),
    Stage(
        "eight_digits",
        "`19930413`: year first when it begins like a year, or as the declared format of the data source says.",
        {
            "y": f"case when {_EIGHT} like 'y%' then left(value, 4) else right(value, 4) end",
            "m": (
                f"case {_EIGHT} when 'ymd' then value[5:6] when 'ydm' then value[7:8] when 'dmy' then value[3:4] else "
                f"value[1:2] end"
            ),
            "d": (
                f"case {_EIGHT} when 'ymd' then value[7:8] when 'ydm' then value[5:6] when 'dmy' then value[1:2] else "
                f"value[3:4] end"
            ),
        },
        when="regexp_matches(value, '^[0-9]{8}$')",
    ),
    Stage(
        "month_in_words",
        "`13-APR-93`, `April 13, 1993`, `13 de abril de 1993`: a month in words is never ambiguous.",
        {
            "y": f"case when regexp_matches(value, '{_D_MON_Y}') then regexp_extract(value, '{_D_MON_Y}', 2) "
            f"when regexp_matches(value, '{_MON_D_Y}') then regexp_extract(value, '{_MON_D_Y}', 2) "
            f"when regexp_matches(value, '{_MON_Y}') then regexp_extract(value, '{_MON_Y}', 1) else left(value, 4) end",
            "m": "month",
            "d": f"case when regexp_matches(value, '{_D_MON_Y}') then regexp_extract(value, '{_D_MON_Y}', 1) "
            f"when regexp_matches(value, '{_MON_D_Y}') then regexp_extract(value, '{_MON_D_Y}', 1) "
            f"when regexp_matches(value, '{_MON_Y}') then '00' else regexp_extract(value, '{_Y_MON_D}', 2) end",
        },
        when=f"month is not null and regexp_matches(value, '{_D_MON_Y}|{_MON_D_Y}|{_MON_Y}|{_Y_MON_D}')",
        lookups=(Lookup("month", "month", f"regexp_extract(value, '{_MONTH_WORD}', 1)"),),
    ),
    Stage(
        "partial",
        "`1993`, `1993-04`, `04/1993`, `199304`: what was delivered is kept, the rest is never invented.",
        {
            "y": "case when regexp_matches(value, '^[0-9]{4}') then left(value, 4) else right(value, 4) end",
            "m": r"case when length(value) = 4 then '00' when regexp_matches(value, '^[0-9]{4}') "
            r"then regexp_extract(value, '^[0-9]{4}[-/.]?([0-9]{1,2})$', 1) else regexp_extract(value, "
            r"'^[0-9]{1,2}') end",
            "d": "'00'",
        },
        when=(
            r"regexp_matches(value, "
            r"'^([0-9]{4}([-/.][0-9]{1,2})?|[0-9]{1,2}[-/.][0-9]{4}|(19|20)[0-9]{2}(0[1-9]|1[012]))$')"
        ),
    ),
    Stage(
        "six_or_seven_digits",
        "`041393` (no century) and `4131993` (a leading zero lost), in the order of the data source.",
        {
            "y": f"case when date_order like 'y%' then {_PADDED}[1:2] else substr({_PADDED}, 5) end",
            "m": f"case when date_order like 'mdy%' then {_PADDED}[1:2] else {_PADDED}[3:4] end",
            "d": (
                f"case when date_order like 'mdy%' then {_PADDED}[3:4] when date_order like 'dmy%' then "
                f"{_PADDED}[1:2] else {_PADDED}[5:6] end"
            ),
        },
        when="y is null and regexp_matches(value, '^([0-9]{6}|[0-9]{3}(18|19|20)[0-9]{2})$')",
    ),
)


def _judgement(column: str) -> tuple[Stage, ...]:
    """Stages that write the parts into `column` and null what cannot be a date of a living or late person."""
    return (
        Stage(
            "unreadable",
            "Not in the shape of any date.",
            {column: "null"},
            when=f"y is null and {column} is not null",
        ),
        Stage(
            "century",
            "A two-digit year is the latest one that is not after today.",
            {
                "y": f"case when '20' || y || '-' || lpad(m, 2, '0') || '-' || lpad(d, 2, '0') <= ({_TODAY})::varchar "
                "then '20' || y else '19' || y end"
            },
            when="length(y) = 2",
        ),
        Stage(
            "iso",
            "ISO 8601 order; a part that is 00 makes the date a partial one.",
            {
                column: "case when try_cast(m as int) = 0 then y "
                "when try_cast(d as int) = 0 then y || '-' || lpad(m, 2, '0') "
                "else y || '-' || lpad(m, 2, '0') || '-' || lpad(d, 2, '0') end"
            },
            when="y is not null",
        ),
        Stage(
            "placeholder",
            "Defaults of software and registration desks, shared by thousands.",
            {column: "null"},
            when=f"{column} in {any_of(PLACEHOLDER_DATES)}",
        ),
        Stage(
            "after_today",
            "Nobody was born or died in the future; a partial date may reach into the present.",
            {column: "null"},
            when=f"{column} > ({_TODAY})::varchar",
        ),
        Stage(
            "too_old",
            f"Older than {OLDEST_AGE_YEARS} years: a typing error or a placeholder.",
            {column: "null"},
            when=f"{column} < left({_OLDEST}, length({column}))",
        ),
    )
