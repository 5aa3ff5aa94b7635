"""The rows of one source about a block of people, as a table of what it delivers."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.synthetic import text
from empi_pipeline.synthetic.deliveries import Rows, delivery_date, identifiers
from empi_pipeline.synthetic.dice import Dice, Flags, Ints
from empi_pipeline.synthetic.homes import addresses, city_names, homes_at, towns
from empi_pipeline.synthetic.origins import ORIGINS
from empi_pipeline.synthetic.people import YEAR, People
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import Source
from empi_pipeline.synthetic.spelling import (
    address_lines,
    cased,
    dates,
    days_of,
    laid_out_ssn,
    races,
    sexes,
    year_month_day,
    zip_codes,
)
from empi_pipeline.synthetic.writing import Writing
from empi_pipeline.synthetic.written_names import name_columns

EXTRA_COLUMNS: Final = ("middle_name", "suffix", "email")
"""What sources deliver beyond the standard columns when it is asked for."""

_PLACEHOLDER_DATES: Final = tuple(
    int(np.datetime64(day).astype("datetime64[D]").astype(np.int64))
    for day in ("1900-01-01", "1901-01-01", "1970-01-01", "1911-11-11")
)
_PLACEHOLDER_SSNS: Final = (999_999_999, 0, 123_456_789, 111_111_111, 555_555_555)
_PLACEHOLDER_PHONES: Final = (9_999_999_999, 0, 5_555_555_555, 1_111_111_111, 1_234_567_890)
_PLACEHOLDER_ADDRESSES: Final = ("homeless", "unknown", "general delivery", "no fixed address", "bad address", "same")


def table_of(
    dice: Dice, shares: Shares, source: Source, people: People, rows: Rows, *, extra: bool
) -> tuple[pa.Table, dict[str, Flags]]:
    """The delivered rows, and what was made of them.

    Returns:
        The standard columns (and `EXTRA_COLUMNS`), all text, one row per row of `rows`; and by what was made,
        the rows concerned.
    """
    writing = Writing(dice, shares, source, people, rows, people.take(rows.person))
    columns = {
        "data_source": pa.array([source.name]).take(pa.array(np.zeros(len(rows), np.int64))),
        "source_person_id": identifiers(dice, source, rows.identity),
        **name_columns(writing, extra=extra),
        "sex": _sexes(writing),
        "race": _races(writing),
        "birth_date": _birth_dates(writing),
        "death_date": _death_dates(writing),
        "social_security_number": _ssns(writing),
        **_home_columns(writing),
        "phone": _phones(writing),
    }
    names = (*PERSON_RECORD_COLUMNS, *(EXTRA_COLUMNS if extra else ()))
    return pa.table({name: columns[name] for name in names}), writing.made


def _sexes(writing: Writing) -> pa.Array:
    wrong = writing.error("wrong_sex")
    return writing.missing(
        sexes(writing.source, np.where(wrong, 1 - writing.who.sex, writing.who.sex)), writing.error("missing_sex")
    )


def _races(writing: Writing) -> pa.Array:
    race = pa.array([origin.race for origin in ORIGINS]).take(pa.array(writing.who.origin))
    return writing.missing(races(writing.source, race), writing.chance("race unknown", 0.2))


def _birth_dates(writing: Writing) -> pa.Array:
    dice, keys = writing.dice, writing.keys
    year, month, day = year_month_day(writing.who.born)
    swapped = writing.error("swapped_day_and_month", (day <= 12) & (day != month))
    month, day = np.where(swapped, day, month), np.where(swapped, month, day)
    partial = writing.error("partial_birth_date")
    year_only = dice.chance(writing.ask("year only"), keys, 0.6)
    month, day = np.where(partial & year_only, 1, month), np.where(partial, 1, day)
    # One wrong part: a digit of the day, a neighbouring month, a year off by one or ten, two digits of it transposed.
    typo = writing.error("typo_birth_date", ~swapped & ~partial)
    part = np.where(typo, dice.choice(writing.ask("wrong part"), keys, (45, 20, 20, 10, 5)), -1)
    step = np.where(dice.chance(writing.ask("up"), keys, 0.5), 1, -1)
    other = 1 + (day - 1 + 1 + dice.below(writing.ask("other day"), keys, 27)) % 28
    tens = np.where(day > 10, day - 10, day + 10)
    day = np.where(part == 0, np.where(dice.chance(writing.ask("tens"), keys, 0.5), tens, other), day)
    month = np.where(part == 1, (month - 1 + step) % 12 + 1, month)
    year = np.where(part == 2, year + step, np.where(part == 3, year + 10 * step, year))
    year = np.where(part == 4, year // 100 * 100 + year % 10 * 10 + year // 10 % 10, year)
    # Systems refuse a birth date after today.
    last = int(year_month_day(writing.who.born.max(initial=0, keepdims=True))[0][0])
    days = days_of(np.minimum(year, last), month, day)
    placeholder = writing.error("placeholder_birth_date")
    which = dice.choice(writing.ask("which date"), keys, (70, 10, 15, 5))
    days = np.where(placeholder, np.array(_PLACEHOLDER_DATES)[which], days)
    return writing.missing(dates(writing.source.date_format, days), writing.error("missing_birth_date"))


def _death_dates(writing: Writing) -> pa.Array:
    delivered = np.unique(writing.rows.delivery)
    days = np.zeros(int(delivered.max(initial=0)) + 1, np.int64)
    for number in delivered:
        days[number] = (
            delivery_date(writing.shares, int(number)) - type(writing.shares.first_delivery)(1970, 1, 1)
        ).days
    known = (writing.who.died <= days[writing.rows.delivery]) & writing.chance("knows of death", writing.source.deaths)
    writing.count("deceased", known)
    return writing.missing(dates(writing.source.date_format, writing.who.died), ~known)


def _ssns(writing: Writing) -> pa.Array:
    who, source = writing.who, writing.source
    head = writing.people.ssn[who.head]
    relative = writing.error("relative_ssn", (head != who.ssn) & (head >= 0))
    number = np.where(relative, head, who.ssn)
    digits = writing.mistyped_digits("typo_ssn", text.digits(np.maximum(number, 0), 9))
    infant = writing.rows.as_of - who.born < 60
    missing = writing.error("missing_ssn") | (number < 0) | infant | writing.chance("no ssn here", source.no_ssn)
    placeholder = writing.error("placeholder_ssn")
    which = writing.dice.choice(writing.ask("which ssn"), writing.keys, (45, 15, 15, 15, 10))
    digits[placeholder] = text.digits(np.array(_PLACEHOLDER_SSNS)[which[placeholder]], 9)
    return writing.missing(laid_out_ssn(source, digits), missing & ~placeholder)


def _home_columns(writing: Writing) -> dict[str, pa.Array]:
    """address, city, state, zip_code, county; all missing together, as they are written on one line of the form."""
    dice, shares, source = writing.dice, writing.shares, writing.source
    stale = writing.error("old_address_kept")
    day = writing.rows.as_of - np.where(stale, int(4 * YEAR), 0)
    homes = homes_at(dice, shares, writing.who, day)
    writing.count("apart_from_household", (homes & 0xFF8) > 0)
    distinct, at = np.unique(homes, return_inverse=True)
    home, row = addresses(dice, shares, distinct), pa.array(at)
    usual = source.street_words == "short"
    other = writing.chance("other street words", 0.1)
    lines = [address_lines(home, abbreviated=short, unit_after=source.unit_after) for short in (usual, not usual)]
    line = text.where(other, lines[1].take(row), lines[0].take(row))
    line = writing.mistyped("typo_address", line)
    line = writing.one_of("which address", line, _PLACEHOLDER_ADDRESSES, writing.error("placeholder_address"))
    city = writing.mistyped("typo_city", city_names(home).take(row))
    number = home.zip_code[at]
    typed = writing.mistyped_digits("typo_zip_code", text.digits(number, 5))
    number = (typed - ord("0")).astype(np.int64) @ (10 ** np.arange(4, -1, -1, dtype=np.int64))
    more = dice.below("zip plus four", distinct, 9000)[at] + 1000
    codes = zip_codes(source, number, more, writing.chance("nine", 0.3))
    state = towns().state.take(pa.array(home.town)).take(row)
    county = towns().county.take(pa.array(home.town)).take(row)
    nothing = np.ones(len(at), np.bool_)
    missing = writing.error("missing_address")
    return {
        "address": writing.missing(cased(source, line), missing),
        "city": writing.missing(cased(source, city), missing),
        "state": writing.missing(_upper(source, state), missing),
        "zip_code": writing.missing(codes, missing),
        "county": writing.missing(cased(source, county), missing if source.county else nothing),
    }


def _upper(source: Source, state: pa.Array) -> pa.Array:
    return state if source.case == "lower" else pc.utf8_upper(state)


def _phones(writing: Writing) -> pa.Array:
    """One's own, the household's, the institution's; changed now and then; or the number of the front desk."""
    dice, shares, who, source = writing.dice, writing.shares, writing.who, writing.source
    grown = writing.rows.as_of - who.born > 14 * YEAR
    own = grown & dice.chance("own phone", who.human, np.where(who.resident, 0.2, shares.own_phone))
    apart = (who.own_from <= writing.rows.as_of) & (writing.rows.as_of < who.own_until) & ~who.resident
    line = np.where(own | apart, (who.human << 1) | 1, who.household << 9)
    changed = dice.chance("phone changed", line, shares.phone_changed)
    first = who.died.dtype.type((shares.first_delivery - type(shares.first_delivery)(1970, 1, 1)).days)
    since = first - (dice.uniform("phone changed when", line) * 12 * YEAR).astype(np.int64)
    line = line * 2 + (changed & (since <= writing.rows.as_of))
    distinct, at = np.unique(who.household, return_inverse=True)
    area = towns().area_code[addresses(dice, shares, distinct << 12).town][at]
    number = _subscriber(dice, line, area)
    desk = np.frombuffer(source.name.encode().ljust(8, b"\0")[:8], np.int64)
    front_desk = writing.error("front_desk_phone")
    number = np.where(front_desk, _subscriber(dice, desk, np.array([614]))[0], number)
    digits = writing.mistyped_digits("typo_phone", text.digits(number, 10))
    placeholder = writing.error("placeholder_phone")
    which = dice.choice(writing.ask("which phone"), writing.keys, (40, 20, 20, 10, 10))
    digits[placeholder] = text.digits(np.array(_PLACEHOLDER_PHONES)[which[placeholder]], 10)
    missing = writing.error("missing_phone") | writing.chance("no phone here", source.no_phone)
    return writing.missing(text.laid_out(digits, source.phone), missing & ~placeholder & ~front_desk)


def _subscriber(dice: Dice, line: Ints, area: Ints) -> Ints:
    """A number of the North American plan: exchange 200-999, not the 555 of films."""
    exchange = 200 + dice.below("exchange", line, 799)
    exchange = np.where(exchange >= 555, exchange + 1, exchange)
    return (area * 1000 + exchange) * 10_000 + dice.below("line", line, 10_000)
