"""Homes: who lives where on which day, and what stands on the envelope. A home is a number; all else follows from it.

Number of a home: household << 12 | (slot + 1) << 3 | moves for a home apart, household << 12 | moves for the family's.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.synthetic.dice import Dice, Ints
from empi_pipeline.synthetic.families import INSTITUTION, kinds
from empi_pipeline.synthetic.origins import GENERAL, ORIGINS
from empi_pipeline.synthetic.people import YEAR, People
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.words import places as words

YEARS_KEPT: Final = 12
"""How far back addresses are known."""
_MOST_MOVES: Final = 4
_BUILDING: Final = 0x800
"""Set in the number of an apartment building, which is shared by the households of one block of 16."""
_REGION: Final = ("oh", "in", "ky")
_VILLAGES_PER_TOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Addresses:
    """One row per home.

    Attributes:
        number: House number; of the box for a post office box.
        direction: 0-3 (`DIRECTIONS`), -1 for none.
        street: Index into `streets()`; -1 for a post office box, -2 for a rural route.
        street_type: Index into `street_types()`.
        unit: Number of the unit, -1 for none; `unit_kind` its kind (`UNITS`).
        facility: Index into the facilities; -1 for ordinary homes.
        town: Index into `towns()`; `village` the number of a village near it, -1 for the town itself.
        zip_code: Five digits.
    """

    number: Ints
    direction: Ints
    street: Ints
    street_type: Ints
    unit: Ints
    unit_kind: Ints
    facility: Ints
    town: Ints
    village: Ints
    zip_code: Ints


@dataclass(frozen=True, slots=True)
class Towns:
    """The towns of the list, column by column."""

    state: pa.Array
    name: pa.Array
    county: pa.Array
    zip_prefix: Ints
    area_code: Ints
    weight: Ints


@cache
def towns() -> Towns:
    """The towns; those of the region first."""
    rows = [line.split() for line in words.TOWNS.strip().splitlines()]
    state, name, zip_prefix, area_code, county, weight = zip(*rows, strict=True)
    return Towns(
        pa.array(state), pa.array([each.replace("_", " ") for each in name]),
        pa.array([each.replace("_", " ") for each in county]), *(
            np.array(list(map(int, numbers)), np.int64) for numbers in (zip_prefix, area_code, weight)
        ),
    )  # fmt: skip


@cache
def streets() -> pa.Array:
    """Street names, the commonest first: the list, numbered streets, and surnames."""
    numbered = [
        f"{n}{'th' if 10 <= n % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}" for n in range(1, 61)
    ]
    listed = [name.replace("_", " ") for name in words.STREETS.split()]
    return pa.array(
        list(dict.fromkeys([*listed[:40], *numbered[:12], *listed[40:], *numbered[12:], *ORIGINS[GENERAL].surnames]))
    )


@cache
def street_types() -> list[tuple[str, str, int]]:
    """(in full, abbreviated, weight)."""
    rows = [line.split() for line in words.STREET_TYPES.strip().splitlines()]
    return [(full, short, int(weight)) for full, short, weight in rows]


def homes_at(dice: Dice, shares: Shares, people: People, day: Ints) -> Ints:
    """The home each of the people lives in on a day (one day for each)."""
    apart = (people.own_from <= day) & (day < people.own_until)
    base = (people.household << 12) | np.where(apart, (people.slot + 1) << 3, 0)
    # The old move little, and nobody leaves a nursing home.
    rate = shares.moves_per_year * YEARS_KEPT / _MOST_MOVES
    first_day = (shares.first_delivery - type(shares.first_delivery)(1970, 1, 1)).days - YEARS_KEPT * YEAR
    moves = np.zeros(len(day), np.int64)
    for move in range(_MOST_MOVES):
        # Two years beyond the first delivery, so that people also move between deliveries.
        on = first_day + dice.uniform(f"moved when {move}", base) * (YEARS_KEPT + 2) * YEAR
        moves += dice.chance(f"moved {move}", base, rate * (YEARS_KEPT + 2) / YEARS_KEPT) & (on <= day)
    return np.where(people.resident & ~apart, base, base | moves)


def addresses(dice: Dice, shares: Shares, homes: Ints) -> Addresses:
    """The address of each home."""
    household = homes >> 12
    institution = kinds(dice, shares, household) == INSTITUTION
    first = (homes & 0xFFF) == 0
    facility = institution & first
    apartment = ~facility & dice.chance("apartment", homes, 0.27)
    block = ((household >> 4) << 16) | _BUILDING
    building = apartment & first & dice.chance("in the building of the block", homes, 0.6)
    place = np.where(building, block, homes)

    town_key = np.where(building, block, household << 12)
    same_town = first | dice.chance("within town", homes, shares.move_within_town)
    town = np.where(same_town, _town(dice, shares, town_key), _town(dice, shares, homes))
    villages = dice.choice("village", place, [1.2, *(np.arange(_VILLAGES_PER_TOWN) + 3.0) ** -1.0]) - 1
    codes = (towns().weight // 3).clip(2, 60)[town]
    zip_end = np.where(villages >= 0, 60 + villages, dice.below("zip code", place, codes))
    number = (10 ** (1 + 3.2 * dice.uniform("house number", place) ** 0.7)).astype(np.int64)
    street = dice.choice("street", place, (np.arange(len(streets())) + 12.0) ** -0.75)
    kind = dice.uniform("kind of address", place)
    rural = (kind < 0.012) & ~apartment & ~facility
    box = (kind > 0.98) & ~apartment & ~facility
    street = np.where(rural, -2, np.where(box, -1, street))
    street_type = dice.choice("street type", street * 1009 + town, [weight for *_, weight in street_types()])
    return Addresses(
        number=number,
        direction=np.where(dice.chance("direction", place, 0.16), dice.below("which direction", place, 4), -1),
        street=street,
        street_type=street_type,
        unit=np.where(apartment, 1 + dice.below("unit", homes, 340), -1),
        unit_kind=dice.choice("unit kind", place, (70, 10, 12, 4, 4)),
        facility=np.where(facility, dice.below("facility", homes, len(words.FACILITIES.strip().splitlines())), -1),
        town=town,
        village=villages,
        zip_code=towns().zip_prefix[town] * 100 + zip_end,
    )


def _town(dice: Dice, shares: Shares, keys: Ints) -> Ints:
    every = towns()
    region = np.isin(every.state.to_numpy(zero_copy_only=False), _REGION)
    inside = dice.chance("in the region", keys, shares.in_region)
    near = dice.choice("town of the region", keys, np.where(region, every.weight, 0).astype(np.float64))
    return np.where(inside, near, dice.choice("town", keys, every.weight.astype(np.float64)))


def city_names(addresses: Addresses) -> pa.Array:
    """Lower-case names of towns and villages."""
    starts, ends = (pa.array(part) for part in words.VILLAGES)
    spread = (addresses.town * _VILLAGES_PER_TOWN + addresses.village.clip(0)) * 7919 % (len(starts) * len(ends))
    village = pc.binary_join_element_wise(
        starts.take(pa.array(spread % len(starts))), ends.take(pa.array(spread // len(starts))), ""
    )
    return pc.if_else(pa.array(addresses.village >= 0), village, towns().name.take(pa.array(addresses.town)))
