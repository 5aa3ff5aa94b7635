"""The data sources of the synthetic population: whom each knows, how it writes, and how careful it is."""

from dataclasses import dataclass
from typing import Final, Literal

from empi_pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Source:
    """How one source delivers; shares are of its records unless said otherwise.

    Attributes:
        name: Its `data_source`.
        known: Share of the people it knows.
        duplicates: Share of those with a second identity in it (AHIMA finds 8 to 12 % in hospitals).
        errors: Errors and gaps, as a multiple of `Shares`.
        informal: Share of people who use another name than their first that are recorded under it.
        age: Mean age of a record at the first delivery, in years: names and addresses are as they were then.
        identifier: How its numbers look: `0` for a digit, `x` for a hexadecimal one; forty bits in all.
        case: Of names and addresses.
        date_format: As for `strftime`.
        sexes: Male and female.
        race: Whether race is written as a word, as a code, or not at all.
        ssn: Pattern, with nine zeros (or four, after XXX-XX-).
        phone: Pattern, with ten zeros.
        zip_code: Five digits, sometimes nine, or as a number, which loses leading zeros.
        street_words: Whether "Street" or "St" is usual.
        unit_after: What stands between street and unit.
        middle: Shares of middle names that are written out, and as an initial.
        suffix: Share of juniors and thirds that are written so.
        extras: Whether it delivers middle name, suffix and e-mail in columns of their own, when these are asked for.
        accents: Writes José and Muñoz.
        newborns: Writes records at birth.
        deaths: Share of deaths it learns of.
        county: Delivers the county.
        no_phone, no_ssn: Further shares of records without.
    """

    name: str
    known: float
    duplicates: float
    errors: float
    informal: float
    age: float
    identifier: str
    case: Literal["title", "upper", "lower"]
    date_format: str
    sexes: tuple[str, str]
    race: Literal["word", "code", "none"]
    ssn: str
    phone: str
    zip_code: Literal["five", "nine", "number"]
    street_words: Literal["full", "short"]
    unit_after: str
    middle: tuple[float, float]
    suffix: float
    extras: bool = False
    accents: bool = False
    newborns: bool = False
    deaths: float = 0.3
    county: bool = False
    no_phone: float = 0.0
    no_ssn: float = 0.0


SOURCES: Final = {
    source.name: source
    for source in (
        Source(
            "hospital", 0.60, 0.08, 1.0, 0.25, 3.0, "H00000000000000", "upper", "%Y-%m-%d", ("M", "F"), "word",
            "000-00-0000", "(000) 000-0000", "nine", "short", " ", (0.45, 0.35), 0.7, extras=True, newborns=True,
            deaths=0.7, county=True,
        ),
        Source(
            "clinic", 0.62, 0.06, 1.2, 0.6, 4.0, "xxxxxxxxxx", "title", "%m/%d/%Y", ("Male", "Female"), "word",
            "000-00-0000", "000-000-0000", "five", "full", ", ", (0.3, 0.3), 0.5, extras=True, accents=True,
            no_ssn=0.15,
        ),
        Source(
            "payer", 0.55, 0.01, 0.4, 0.03, 1.5, "0000-0000-000000", "upper", "%Y%m%d", ("1", "2"), "code",
            "000000000", "0000000000", "number", "short", " ", (0.2, 0.5), 0.6, deaths=0.6, no_phone=0.3,
        ),
        Source(
            "lab", 0.40, 0.14, 1.8, 0.35, 2.0, "L-xxxxxxxxxx", "upper", "%d-%b-%Y", ("M", "F"), "none",
            "XXX-XX-0000", "000.000.0000", "five", "short", " ", (0.05, 0.3), 0.4, deaths=0.0, no_phone=0.2, no_ssn=0.5,
        ),
        Source(
            "pharmacy", 0.45, 0.08, 1.3, 0.6, 3.0, "00000000000000", "lower", "%m/%d/%y", ("m", "f"), "none",
            "000000000", "+1 000 000 0000", "five", "full", " ", (0.05, 0.3), 0.3, no_ssn=0.85,
        ),
        Source(
            "registry", 0.30, 0.03, 0.7, 0.05, 5.0, "R00000000000000", "title", "%d.%m.%Y", ("male", "female"), "code",
            "000 00 0000", "0000000000", "five", "full", ", ", (0.8, 0.1), 0.8, extras=True, accents=True, deaths=0.9,
            county=True, no_phone=0.6,
        ),
    )
}  # fmt: skip
"""By name. The first four are the default."""

DEFAULT_SOURCES: Final = ("hospital", "clinic", "payer", "lab")


def sources_named(names: tuple[str, ...]) -> tuple[Source, ...]:
    """The sources of these names, in the order of `SOURCES`.

    Raises:
        ConfigurationError: A name is unknown, or there is none.
    """
    unknown = [name for name in names if name not in SOURCES]
    if unknown or not names:
        told = f"no source is called {', '.join(unknown)}" if unknown else "no source was named"
        raise ConfigurationError(f"{told}; there are {', '.join(SOURCES)}")
    return tuple(source for name, source in SOURCES.items() if name in names)
