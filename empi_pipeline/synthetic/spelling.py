"""How a source writes names, addresses, dates and codes: the right values, in its own way."""

from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic import text
from empi_pipeline.synthetic.dice import Flags, Ints
from empi_pipeline.synthetic.homes import Addresses, street_types, streets
from empi_pipeline.synthetic.sources import Source
from empi_pipeline.synthetic.words import places as words

_FIRST_DAY: Final = date(1890, 1, 1)
_LAST_DAY: Final = date(2040, 1, 1)

_RACE_CODES: Final = {"white": "1", "black": "2", "hispanic": "5", "asian": "4", "american indian": "3"}
_RACE_WORDS: Final = {
    "white": "White",
    "black": "Black or African American",
    "hispanic": "Hispanic or Latino",
    "asian": "Asian",
    "american indian": "American Indian or Alaska Native",
}
_ACCENTS: Final = {
    "jose": "josé", "maria": "maría", "jesus": "jesús", "angel": "ángel", "sofia": "sofía", "andres": "andrés",
    "ramon": "ramón", "raul": "raúl", "ruben": "rubén", "hector": "héctor", "monica": "mónica", "veronica": "verónica",
    "adrian": "adrián", "sebastian": "sebastián", "joaquin": "joaquín", "tomas": "tomás", "agustin": "agustín",
    "ivan": "iván", "oscar": "óscar", "julio": "julio", "lucia": "lucía", "rocio": "rocío", "garcia": "garcía",
    "martinez": "martínez", "rodriguez": "rodríguez", "hernandez": "hernández", "lopez": "lópez",
    "gonzalez": "gonzález", "perez": "pérez", "sanchez": "sánchez", "ramirez": "ramírez", "gomez": "gómez",
    "diaz": "díaz", "gutierrez": "gutiérrez", "alvarez": "álvarez", "vasquez": "vásquez", "jimenez": "jiménez",
    "fernandez": "fernández", "munoz": "muñoz", "mendez": "méndez", "guzman": "guzmán", "pena": "peña", "rios": "ríos",
    "nunez": "núñez", "dominguez": "domínguez", "marquez": "márquez", "cortez": "cortéz", "duran": "durán",
    "mejia": "mejía", "zuniga": "zúñiga", "avila": "ávila", "leon": "león", "ibarra": "ibarra", "ochoa": "ochoa",
    "suarez": "suárez", "velazquez": "velázquez", "velasquez": "velásquez", "trevino": "treviño", "benitez": "benítez",
    "galvan": "galván", "gonzales": "gonzáles", "chavez": "chávez", "nieves": "nieves", "colon": "colón",
}  # fmt: skip


def cased(source: Source, texts: pa.Array) -> pa.Array:
    """Upper, lower or title case; words that begin with Mc and O' are written so in title case."""
    if source.case == "upper":
        return pc.utf8_upper(texts)
    return texts if source.case == "lower" else pc.utf8_title(texts)


def accented(source: Source, texts: pa.Array) -> pa.Array:
    """With the accents that belong to Spanish names, in sources that write them."""
    if not source.accents:
        return texts
    place = pc.index_in(texts, pa.array(list(_ACCENTS)))
    return pc.coalesce(pa.array(list(_ACCENTS.values())).take(place), texts)


@cache
def _calendar(date_format: str) -> pa.Array:
    first, last = ((day - date(1970, 1, 1)).days for day in (_FIRST_DAY, _LAST_DAY))
    return pc.strftime(pa.array(np.arange(first, last, dtype=np.int32)).cast(pa.date32()), format=date_format)


def dates(date_format: str, days: Ints) -> pa.Array:
    """Days since 1970 as text; those out of range of the calendar (never) are missing."""
    place = days - (_FIRST_DAY - date(1970, 1, 1)).days
    known = (place >= 0) & (place < len(_calendar(date_format)))
    return _calendar(date_format).take(pa.array(place, mask=~known))


def races(source: Source, race: pa.Array) -> pa.Array:
    """Race as the source writes it."""
    written = _RACE_WORDS if source.race == "word" else _RACE_CODES
    if source.race == "none":
        return pa.nulls(len(race), pa.string())
    return pa.array(list(written.values())).take(pc.index_in(race, pa.array(list(written))))


def address_lines(home: Addresses, *, abbreviated: bool, unit_after: str) -> pa.Array:
    """Lower-case street lines, with the unit; of the institution where one lives in an institution."""
    form = 1 if abbreviated else 0
    number = text.whole_numbers(home.number)
    directions = pa.array([each[form] for each in words.DIRECTIONS])
    direction = directions.take(pa.array(home.direction, mask=home.direction < 0))
    kinds = pa.array([each[form] for each in street_types()])
    street = streets().take(pa.array(home.street, mask=home.street < 0))
    line = text.joined(number, direction, street, kinds.take(pa.array(home.street_type)), by=" ")
    box = text.joined(pa.scalar("po box " if abbreviated else "p.o. box "), number)
    rural = text.joined("rr " if abbreviated else "rural route ", _small(home.number), " box ", number)
    line = text.where(home.street == -1, box, text.where(home.street == -2, rural, line))
    units = pa.array([each[form] for each in words.UNITS]).take(pa.array(home.unit_kind))
    unit = text.joined(unit_after, units, text.whole_numbers(home.unit))
    line = text.joined(line, text.where(home.unit >= 0, unit, ""))
    facilities = [name.replace("_", " ") for name in words.FACILITIES.strip().splitlines()]
    facility = pa.array(facilities).take(pa.array(home.facility, mask=home.facility < 0))
    return text.joined(facility, line, by=", " if not abbreviated else " ")


def _small(number: Ints) -> pa.Array:
    return text.whole_numbers(1 + number % 6)


def zip_codes(source: Source, zip_code: Ints, more: Ints, nine: Flags) -> pa.Array:
    """ZIP codes, those that are `nine` with four digits more where the source writes them."""
    plain = text.of_width(text.digits(zip_code, 5))
    if source.zip_code == "number":
        return text.whole_numbers(zip_code)
    if source.zip_code == "nine":
        return text.where(nine, text.joined(plain, "-", text.of_width(text.digits(more, 4))), plain)
    return plain


def sexes(source: Source, sex: Ints) -> pa.Array:
    """Sex as the source writes it."""
    return pa.array(source.sexes).take(pa.array(sex))


def laid_out_ssn(source: Source, digits: Any) -> pa.Array:
    """Social security numbers in the pattern of the source; some write the last four digits only."""
    kept = source.ssn.count("0")
    return text.laid_out(digits[:, 9 - kept :], source.ssn)


def days_of(year: Ints, month: Ints, day: Ints) -> Ints:
    """Days since 1970 of a date; a day that its month does not have becomes the 28th."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    first = months.astype("datetime64[D]").astype(np.int64)
    return np.asarray(first + np.where(day > length, 28, day) - 1, np.int64)


def year_month_day(days: Ints) -> tuple[Ints, Ints, Ints]:
    """The parts of a date."""
    moment = days.astype("datetime64[D]")
    months = moment.astype("datetime64[M]")
    total = months.astype(np.int64)
    day = (moment - months.astype("datetime64[D]")).astype(np.int64) + 1
    return total // 12 + 1970, total % 12 + 1, day
