"""The humans of a range of households, as columns: who they are, and what changes in their lives and when."""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from empi_pipeline.synthetic import names
from empi_pipeline.synthetic.dice import Dice, Flags, Ints
from empi_pipeline.synthetic.families import HEAD, PARTNER, Members, members
from empi_pipeline.synthetic.origins import HISPANIC, ORIGINS
from empi_pipeline.synthetic.shares import Shares

YEAR: Final = 365.25
NEVER: Final = 1 << 40
"""A day that does not come."""
SENIOR, JUNIOR, THIRD = 1, 2, 3
SPANISH, HYPHENATED = 1, 2


@dataclass(frozen=True, slots=True)
class People:
    """One row per human; days are counted from 1970-01-01.

    Attributes:
        human: Unique; household * 256 + slot.
        household: Household grown up or living in.
        slot: Place in it: 0 the head, 1 the partner, then children, twins, grandparents; from 16 on residents.
        head: Row of the household's head.
        origin: Index into `ORIGINS`.
        sex: 0 male, 1 female.
        born, died: Days; `NEVER` for the living.
        first, middle: Given names; a middle name of -1 is none.
        called: What the person is called: the first name, a nickname, or the middle name.
        surname, before: Surname since, and before, the day `renamed` (`-NEVER` when it never changed).
        second: A second surname, -1 for none; `joint` says of which kind (SPANISH, HYPHENATED).
        generation: 0, or SENIOR, JUNIOR, THIRD: somebody near bears the same name.
        ssn: Nine digits; -1 for none.
        own_from, own_until: Days between which the person lives in a home apart from the household.
        resident: Whether the household is an institution.
    """

    human: Ints
    household: Ints
    slot: Ints
    head: Ints
    origin: Ints
    sex: Ints
    born: Ints
    died: Ints
    first: Ints
    middle: Ints
    called: Ints
    surname: Ints
    before: Ints
    renamed: Ints
    second: Ints
    joint: Ints
    generation: Ints
    ssn: Ints
    own_from: Ints
    own_until: Ints
    resident: Flags

    def __len__(self) -> int:
        return len(self.human)

    def take(self, rows: Ints) -> "People":
        """The people of these rows; `head` still means the rows they were taken from."""
        return People(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def people(dice: Dice, shares: Shares, households: Ints) -> People:
    """The humans of these households."""
    found = members(dice, shares, households)
    origin = _origins(dice, shares, found)
    first, middle, generation = _given_names(dice, shares, found, origin)
    called = _called(dice, shares, found.human, first, middle)
    names_of = _surnames(dice, shares, found, origin)
    own_from, own_until = _own_homes(dice, shares, found)
    return People(
        human=found.human, household=found.household, slot=found.slot, head=found.head, origin=origin, sex=found.sex,
        born=found.born, died=_deaths(dice, shares, found), first=first, middle=middle, called=called,
        generation=generation, ssn=_ssns(dice, shares, found, origin), own_from=own_from, own_until=own_until,
        resident=found.resident, **names_of,
    )  # fmt: skip


def _origins(dice: Dice, shares: Shares, found: Members) -> Ints:
    weights = [group.share for group in ORIGINS]
    own = dice.choice("origin", found.human, weights)
    family = dice.choice("origin", found.household << 8, weights)  # As the head's own.
    alone = found.unrelated | ((found.slot == PARTNER) & ~dice.chance("couple", found.human, shares.same_origin_couple))
    return np.where(alone, own, family)


def _birth_years(born: Ints) -> Ints:
    return 1970 + np.floor(born / YEAR).astype(np.int64)


def _given_names(dice: Dice, shares: Shares, found: Members, origin: Ints) -> tuple[Ints, Ints, Ints]:
    human, years = found.human, _birth_years(found.born)
    first = names.given_names(dice, "first name", human, found.sex, origin, years)
    middle = names.given_names(dice, "middle name", human, found.sex, origin, years)
    middle[~dice.chance("has a middle name", human, shares.has_middle_name)] = -1
    twin = found.twin_of >= 0
    same_sex = twin & (found.sex == found.sex[found.twin_of])
    alike = same_sex & dice.chance("twins alike", human, shares.twins_alike_in_name)
    first[alike] = names.alike(dice, "twin's name", human[alike], first[found.twin_of[alike]], found.sex[alike])
    # Parents do not give a name of the household again, except on purpose (below).
    for attempt in range(6):
        again = np.flatnonzero(_repeated(found.household, first) & ~found.unrelated)
        if not len(again):
            break
        first[again] = names.given_names(
            dice, f"first name {attempt}", human[again], found.sex[again], origin[again], years[again]
        )
    generation = np.zeros(len(human), np.int64)
    # From the old to the young, so that a third can follow a junior.
    for older, younger, share in (
        (found.grandfather_of_head, found.head, shares.junior),
        (found.father_of_first_son, found.first_son, shares.junior),
        (found.mother_of_first_daughter, found.first_daughter, shares.named_after_mother),
    ):
        pairs = np.flatnonzero((older >= 0) & (younger >= 0) & (np.arange(len(human)) == found.head))
        pairs = pairs[dice.chance(f"named after {share}", found.household[pairs] * 8 + found.sex[older[pairs]], share)]
        namesake, model = younger[pairs], older[pairs]
        first[namesake] = first[model]
        wholly = dice.chance("whole name", found.human[namesake], shares.junior_shares_middle_name)
        middle[namesake[wholly]] = middle[model[wholly]]
        if share == shares.junior:
            generation[model] = np.maximum(generation[model], SENIOR)
            generation[namesake] = np.where(generation[model] >= JUNIOR, THIRD, JUNIOR)
    return first, middle, generation


def _repeated(household: Ints, first: Ints) -> Flags:
    """Rows whose name somebody before them in the household has."""
    order = np.lexsort((np.arange(len(first)), first, household))
    same = (household[order][1:] == household[order][:-1]) & (first[order][1:] == first[order][:-1])
    repeated = np.zeros(len(first), np.bool_)
    repeated[order[1:]] = same
    return repeated


def _called(dice: Dice, shares: Shares, human: Ints, first: Ints, middle: Ints) -> Ints:
    by_middle = dice.chance("by middle name", human, shares.goes_by_middle_name) & (middle >= 0)
    usual = np.where(by_middle, middle, first)
    short = dice.chance("by nickname", human, shares.has_nickname_in_use)
    return np.where(short, names.nicknames(dice, "nickname", human, usual), usual)


def _surnames(dice: Dice, shares: Shares, found: Members, origin: Ints) -> dict[str, Any]:
    human, size = found.human, len(found.human)
    own = names.surnames(dice, "surname", human, origin)
    family = own[found.head]
    # Children and the head's parents have the family's name; everybody else has one of their own.
    birth = np.where(found.of_the_family, family, own)
    surname, before = birth.copy(), birth.copy()
    renamed = np.full(size, -NEVER, np.int64)
    second, joint = np.full(size, -1, np.int64), np.zeros(size, np.int64)

    spanish = (origin == HISPANIC) & dice.chance("two surnames", found.household, shares.double_surname)
    mother = np.where(found.partner_of_head >= 0, own[found.partner_of_head], own)
    second = np.where(spanish, np.where(found.child, mother, names.surnames(dice, "mother's", human, origin)), second)
    joint[spanish] = SPANISH

    adult = found.sex == 1
    wedding = found.born + (dice.bell("wedding", human, 28.0, 5.0).clip(18) * YEAR).astype(np.int64)
    wed = adult & dice.chance("married", human, shares.married)
    how = dice.uniform("name at marriage", human)
    takes, hyphenates = how < shares.takes_surname, how >= 1 - shares.hyphenates_surname
    husband = names.surnames(dice, "husband's", human, origin)
    partner = (found.slot == PARTNER) & found.has_partner_role
    # Whose husband is not in the household: women who live without a partner, and daughters who left.
    elsewhere = adult & ~partner & ~found.unrelated & (found.slot != HEAD) & found.child
    elsewhere |= adult & (found.slot == HEAD) & (found.partner_of_head < 0)
    elsewhere |= adult & found.resident
    married = wed & (wedding < found.today) & (partner | elsewhere)
    new = np.where(partner, family, husband)
    changes = married & takes & ~spanish
    surname[changes], renamed[changes] = new[changes], wedding[changes]
    # Children of a woman who heads a household bear the name of her marriage.
    fatherless = found.child & changes[found.head] & (found.sex[found.head] == 1)
    surname[fatherless & ~changes] = surname[found.head[fatherless & ~changes]]
    before[fatherless] = surname[found.head[fatherless]]
    both = married & hyphenates & ~takes & ~spanish
    second[both], joint[both], renamed[both] = new[both], HYPHENATED, wedding[both]
    # Divorced women, some of whom take their maiden name again.
    back = changes & elsewhere & dice.chance("maiden name again", human, shares.back_to_maiden_name)
    since = found.today - (dice.uniform("since", human) * 10 * YEAR).astype(np.int64)
    surname[back], before[back] = birth[back], surname[back]
    renamed[back] = np.maximum(since[back], wedding[back])
    return {"surname": surname, "before": before, "renamed": renamed, "second": second, "joint": joint}


def _deaths(dice: Dice, shares: Shares, found: Members) -> Ints:
    age = (found.today - found.born) / YEAR
    # Proportional to the square of age: nobody of 20, four times the mean share at 80.
    share = np.minimum(0.9, shares.died * (age / 41) ** 2 * (age > 18))
    day = found.today - (dice.uniform("died when", found.human) * 8 * YEAR).astype(np.int64)
    return np.where(dice.chance("died", found.human, share), np.maximum(day, found.born), NEVER)


def _ssns(dice: Dice, shares: Shares, found: Members, origin: Ints) -> Ints:
    human = found.human
    ssn = _number(dice, human)
    # Of twins the second often has the next number but one or two.
    close = (found.twin_of >= 0) & dice.chance("ssn of twins", human, shares.twins_with_neighbouring_ssn)
    neighbour = ssn[found.twin_of] + 1 + dice.below("ssn step", human, 2)
    ssn = np.where(close & (neighbour % 10_000 > 2), neighbour, ssn)
    strangers = (found.household + 37 * (1 + dice.below("lender", human, 1000))) * 256
    borrowed = dice.chance("borrowed ssn", human, shares.borrowed_ssn)
    ssn[borrowed] = _number(dice, strangers[borrowed])
    immigrant = np.array([group.no_ssn for group in ORIGINS])[origin] * (found.today - found.born > 18 * YEAR)
    ssn[dice.chance("no ssn", human, shares.no_ssn + immigrant)] = -1
    return ssn


def _number(dice: Dice, human: Ints) -> Ints:
    """A number that may have been issued: area 001-665 or 667-899, group 01-99, serial 0001-9999."""
    area = 1 + dice.below("ssn area", human, 898)
    area = np.where(area >= 666, area + 1, area).clip(max=899)
    group = 1 + dice.below("ssn group", human, 99)
    return (area * 100 + group) * 10_000 + 1 + dice.below("ssn serial", human, 9999)


def _own_homes(dice: Dice, shares: Shares, found: Members) -> tuple[Ints, Ints]:
    human = found.human
    own_from = np.full(len(human), NEVER, np.int64)
    own_until = np.full(len(human), NEVER, np.int64)
    grown = found.born + ((18 + dice.uniform("leaves at", human) * 10) * YEAR).astype(np.int64)
    leaves = found.child & dice.chance("leaves home", human, shares.left_home)
    own_from[leaves] = grown[leaves]
    parted = (found.slot == PARTNER) & found.has_children & dice.chance("parted", human, shares.separated)
    own_from[parted] = (found.today - dice.uniform("parted when", human) * 10 * YEAR).astype(np.int64)[parted]
    own_from[found.resident] = -NEVER
    entered = (found.today - dice.uniform("entered", human) ** 2 * 8 * YEAR).astype(np.int64)
    own_until[found.resident] = entered[found.resident]
    return own_from, own_until
