"""Groups of people whose names come from different pools."""

from dataclasses import dataclass
from typing import Final

from empi_pipeline.synthetic.words import surnames as words


@dataclass(frozen=True, slots=True)
class Origin:
    """Where names come from.

    Attributes:
        name: Key of the given names of this group (`given_names.BOYS_OF`).
        share: Of the people.
        race: As person records say it.
        surnames: The commonest, in order.
        covered: Share of the group that bears one of them; the rest bear rarer names, made from `parts`.
        steepness: Exponent of the rank-frequency law among them (Zipf-Mandelbrot).
        offset: Its offset: the larger, the flatter the first ranks.
        parts: Which parts rarer surnames are made of, an index into `RARE_PARTS`.
        own_given_names: Share with a given name of the group's own list; the others have one of everybody's.
        no_ssn: Share of adults without a social security number.
    """

    name: str
    share: float
    race: str
    surnames: tuple[str, ...]
    covered: float
    steepness: float
    offset: float
    parts: int
    own_given_names: float
    no_ssn: float


RARE_PARTS: Final = tuple(
    tuple(tuple(part.split()) for part in parts)
    for parts in (words.EUROPEAN_PARTS, words.SPANISH_PARTS, words.OTHER_PARTS)
)
"""Of European, Spanish and other origin: (beginnings, middles, endings)."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.replace("_", " ") for name in text.split()))


# Shares: Census 2020, with the region's majority. Coverage: Census 2010 surname files (the 1,000 commonest surnames are
# borne by 42 % of all; 22 % of Koreans are Kim, 38 % of Vietnamese Nguyen).
ORIGINS: Final = (
    Origin("general", 0.66, "white", _names(words.GENERAL), 0.44, 0.85, 6, 0, 0.0, 0.0),
    Origin("black", 0.135, "black", _names(words.BLACK + words.GENERAL), 0.62, 0.90, 8, 0, 0.35, 0.01),
    Origin("hispanic", 0.125, "hispanic", _names(words.HISPANIC), 0.68, 0.85, 4, 1, 0.75, 0.12),
    Origin("chinese", 0.014, "asian", _names(words.CHINESE), 0.92, 0.95, 3, 2, 0.7, 0.10),
    Origin("vietnamese", 0.008, "asian", _names(words.VIETNAMESE), 0.98, 1.4, 1, 2, 0.8, 0.05),
    Origin("korean", 0.007, "asian", _names(words.KOREAN), 0.97, 1.1, 1.2, 2, 0.7, 0.08),
    Origin("indian", 0.017, "asian", _names(words.INDIAN), 0.60, 0.85, 2, 2, 0.9, 0.10),
    Origin("filipino", 0.009, "asian", _names(words.FILIPINO), 0.55, 0.8, 4, 1, 0.6, 0.05),
    Origin("arab", 0.015, "white", _names(words.ARAB), 0.55, 0.85, 2, 2, 0.9, 0.08),
    Origin("own nation", 0.010, "american indian", _names(words.OWN_NATION), 0.80, 0.9, 3, 0, 0.3, 0.01),
)
GENERAL, HISPANIC, SPANISH_PARTS = 0, 2, 1
