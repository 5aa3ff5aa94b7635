"""Who lives in a household: its members, their sexes and birth dates, and who is whose parent, partner or twin."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.synthetic.dice import Dice, Flags, Ints
from empi_pipeline.synthetic.shares import Shares

_YEAR: Final = 365.25

HEAD, PARTNER, FIRST_CHILD, FIRST_TWIN, GRANDPARENT, SPOUSE, FIRST_RESIDENT = 0, 1, 2, 7, 12, 13, 16
_MOST_CHILDREN: Final = 5
_MOST_RESIDENTS: Final = 90

SINGLE, COUPLE, PARENTS, SINGLE_PARENT, THREE_GENERATIONS, SHARED_HOUSE, INSTITUTION = range(7)


@dataclass(frozen=True, slots=True)
class Members:
    """One row per human, by household and slot. Columns that name rows hold -1 where there is nobody.

    Attributes:
        today: The day of the first delivery.
        human, household, slot, sex, born: As in `People`.
        head: Row of the household's head; the own row for who shares no name with anybody in the house.
        twin_of: Row of the twin who was born first.
        partner_of_head: Row of the head's partner, for every member of the household.
        grandfather_of_head: Row of the head's father, where the head is a man.
        father_of_first_son, first_son, mother_of_first_daughter, first_daughter: Rows, for every member.
        child: Child of the head.
        of_the_family: Bears the head's surname: head, children, the head's parents.
        unrelated: Shares only the roof.
        resident: Lives in an institution.
        has_partner_role: In a household where slot 1 is the head's partner.
        has_children: In a household with children.
    """

    today: int
    human: Ints
    household: Ints
    slot: Ints
    sex: Ints
    born: Ints
    head: Ints
    twin_of: Ints
    partner_of_head: Ints
    grandfather_of_head: Ints
    father_of_first_son: Ints
    first_son: Ints
    mother_of_first_daughter: Ints
    first_daughter: Ints
    child: Flags
    of_the_family: Flags
    unrelated: Flags
    resident: Flags
    has_partner_role: Flags
    has_children: Flags


def kinds(dice: Dice, shares: Shares, households: Ints) -> Ints:
    """The kind of each household: SINGLE to INSTITUTION."""
    weights = (
        shares.single, shares.couple, shares.couple_with_children, shares.single_parent, shares.three_generations,
        shares.shared_house, shares.institution,
    )  # fmt: skip
    return dice.choice("kind of household", households, weights)


def members(dice: Dice, shares: Shares, households: Ints) -> Members:
    """Everybody who lives, or grew up, in these households."""
    today = (shares.first_delivery - type(shares.first_delivery)(1970, 1, 1)).days
    kind = kinds(dice, shares, households)
    parts = _adults(dice, today, households, kind)
    parts += _children(dice, shares, today, households, kind, parts[0][4], parts[1][4])
    parts += [*_grandparents(dice, households, kind, parts[0][4]), *_others(dice, today, households, kind)]
    household, slot, sex, born = (np.concatenate([part[column][part[5]] for part in parts]) for column in (1, 2, 3, 4))
    order = np.argsort(household * 256 + slot, kind="stable")
    household, slot, sex, born = household[order], slot[order], sex[order], born[order]
    return _related(today, households, kind, household, slot, sex, born)


_Part = tuple[Ints, Ints, Ints, Ints, Ints, Flags]
"""One slot of every household: key, household, slot, sex, born, and whether there is somebody."""


def _part(households: Ints, slot: int, sex: Ints, born: Ints, there: Flags) -> _Part:
    return households * 256 + slot, households, np.full(len(households), slot, np.int64), sex, born, there


def _adults(dice: Dice, today: int, households: Ints, kind: Ints) -> list[_Part]:
    """Head and partner."""
    key = households * 256
    youngest, oldest = np.array([19, 22, 22, 20, 24, 19, 19])[kind], np.array([95, 92, 80, 62, 58, 45, 90])[kind]
    age = youngest + (oldest - youngest) * (dice.uniform("age", key) + dice.uniform("age again", key)) / 2
    alone = np.array([0.54, 0.04, 0.04, 0.78, 0.08, 0.45, 0.5])[kind]
    sex = dice.chance("woman heads", key, alone).astype(np.int64)
    head = _part(households, HEAD, sex, today - (age * _YEAR).astype(np.int64), kind != INSTITUTION)
    with_partner = np.isin(kind, (COUPLE, PARENTS)) | (
        (kind == THREE_GENERATIONS) & dice.chance("couple of three", key, 0.7)
    )
    same_sex = dice.chance("couple of one sex", key, 0.015)
    younger = dice.bell("years younger", key, 2.0, 4.0)
    born = np.minimum(head[4] + (younger * _YEAR).astype(np.int64), today - int(18 * _YEAR))
    return [head, _part(households, PARTNER, np.where(same_sex, sex, 1 - sex), born, with_partner)]


def _children(
    dice: Dice, shares: Shares, today: int, households: Ints, kind: Ints,
    head_born: Ints, partner_born: Ints,
) -> list[_Part]:  # fmt: skip
    """Children by age, one to six years apart, each of whom may have a twin."""
    base = households * 256
    families = np.isin(kind, (PARENTS, SINGLE_PARENT, THREE_GENERATIONS))
    count = 1 + dice.choice("children", base, (36, 38, 17, 6, 3))
    # Nobody is a parent before 18, the younger of a couple either.
    younger = np.where(kind == SINGLE_PARENT, head_born, np.maximum(head_born, partner_born))
    born = younger + ((18 + dice.bell("first birth", base, 8.5, 4.5).clip(0)) * _YEAR).astype(np.int64)
    parts = []
    for child in range(_MOST_CHILDREN):
        slot = FIRST_CHILD + child
        key = base + slot
        there = families & (child < count) & (born < today)
        sex = dice.chance("girl", key, 0.488).astype(np.int64)
        parts.append(_part(households, slot, sex, born, there))
        twin = there & dice.chance("twins", key, shares.twin_births)
        same = dice.chance("twins of one sex", key, 0.65)
        parts.append(_part(households, FIRST_TWIN + child, np.where(same, sex, 1 - sex), born, twin))
        born = born + ((1.0 + dice.uniform("years between", key) ** 2 * 5) * _YEAR).astype(np.int64)
    return parts


def _grandparents(dice: Dice, households: Ints, kind: Ints, head_born: Ints) -> list[_Part]:
    key = households * 256 + GRANDPARENT
    there = kind == THREE_GENERATIONS
    older = (dice.bell("grandparent", key, 27.0, 5.0).clip(17) * _YEAR).astype(np.int64)
    sex = dice.chance("grandmother", key, 0.6).astype(np.int64)
    both = there & dice.chance("both grandparents", key, 0.3)
    parted = (dice.bell("between grandparents", key, 0.0, 3.0) * _YEAR).astype(np.int64)
    return [
        _part(households, GRANDPARENT, sex, head_born - older, there),
        _part(households, SPOUSE, 1 - sex, head_born - older + parted, both),
    ]


def _others(dice: Dice, today: int, households: Ints, kind: Ints) -> list[_Part]:
    """Adults who share a house, and residents of institutions."""
    parts = []
    shared, institutions = households[kind == SHARED_HOUSE], households[kind == INSTITUTION]
    count = 1 + dice.below("house mates", shared, 4)
    for place in range(4):
        key = shared * 256 + FIRST_RESIDENT + place
        age = 19 + 28 * dice.uniform("age", key) ** 1.5
        sex = dice.below("sex", key, 2)
        born = today - (age * _YEAR).astype(np.int64)
        parts.append(_part(shared, FIRST_RESIDENT + place, sex, born, place < count))
    beds = 12 + dice.below("beds", institutions, _MOST_RESIDENTS - 12)
    nursing = dice.chance("nursing home", institutions, 0.75)
    for place in range(_MOST_RESIDENTS):
        key = institutions * 256 + FIRST_RESIDENT + place
        old, young = dice.bell("age of the old", key, 83.0, 8.0), 19 + 35 * dice.uniform("age", key)
        age = np.where(nursing, old, young)
        sex = dice.chance("sex of a resident", key, np.where(nursing, 0.68, 0.4)).astype(np.int64)
        born = today - (age * _YEAR).astype(np.int64)
        parts.append(_part(institutions, FIRST_RESIDENT + place, sex, born, place < beds))
    return parts


def _related(today: int, households: Ints, kind: Ints, household: Ints, slot: Ints, sex: Ints, born: Ints) -> Members:
    size = len(household)
    rows = np.arange(size)
    place = np.searchsorted(households, household)
    kind_of = kind[place]
    resident = kind_of == INSTITUTION
    unrelated = resident | (slot >= FIRST_RESIDENT)
    child = (slot >= FIRST_CHILD) & (slot < GRANDPARENT)

    def row_of(wanted: Flags) -> Ints:
        """For every member: the first row of the household that is wanted, or -1."""
        found = np.full(len(households), -1, np.int64)
        at = np.flatnonzero(wanted)[::-1]
        found[place[at]] = at
        return found[place]

    head_row = row_of(slot == HEAD)
    head = np.where(unrelated | (head_row < 0), rows, head_row)
    partner = row_of(slot == PARTNER)
    twin = (slot >= FIRST_TWIN) & (slot < GRANDPARENT)
    twin_of = np.full(size, -1, np.int64)
    # The first-born has the slot five before, but not necessarily the row five before.
    first_born = np.searchsorted(household * 256 + slot, (household * 256 + slot - (FIRST_TWIN - FIRST_CHILD))[twin])
    twin_of[twin] = first_born
    father = row_of((slot <= PARTNER) & (sex == 0))
    mother = row_of((slot <= PARTNER) & (sex == 1))
    grandfather = row_of((slot >= GRANDPARENT) & (slot <= SPOUSE) & (sex == 0))
    man_heads = (head_row >= 0) & (sex[head_row] == 0)
    no_twin = child & ~twin
    return Members(
        today=today, human=household * 256 + slot, household=household, slot=slot, sex=sex, born=born, head=head,
        twin_of=twin_of, partner_of_head=partner, grandfather_of_head=np.where(man_heads, grandfather, -1),
        father_of_first_son=father, first_son=row_of(no_twin & (sex == 0)),
        mother_of_first_daughter=mother, first_daughter=row_of(no_twin & (sex == 1)), child=child,
        of_the_family=child | (slot == HEAD) | ((slot >= GRANDPARENT) & ~unrelated), unrelated=unrelated,
        resident=resident, has_partner_role=partner >= 0, has_children=row_of(child) >= 0,
    )  # fmt: skip
