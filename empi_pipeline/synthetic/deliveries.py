"""Which source knows whom under which number, and which rows it delivers when."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.synthetic import text
from empi_pipeline.synthetic.dice import Dice, Ints
from empi_pipeline.synthetic.homes import YEARS_KEPT
from empi_pipeline.synthetic.people import YEAR, People
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import Source

MOST_DELIVERIES: Final = 60
_IDENTITIES_PER_HUMAN: Final = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """One row per delivered row of a source.

    Attributes:
        person: Row of the human in `People`.
        identity: Number of the source identity, unique in its source: human * 8 + which.
        typed: Number of the occasion on which it was typed: rows of one occasion have the same errors.
        as_of: Day as of which names and address are.
        delivery: 0 for the first.
    """

    person: Ints
    identity: Ints
    typed: Ints
    as_of: Ints
    delivery: Ints

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: Ints) -> "Rows":
        """These rows of them."""
        return Rows(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def delivery_date(shares: Shares, delivery: int) -> date:
    """The first of a month, counted from the first delivery."""
    months = shares.first_delivery.year * 12 + shares.first_delivery.month - 1 + delivery
    return date(months // 12, months % 12 + 1, 1)


def rows_of(dice: Dice, shares: Shares, source: Source, people: People, deliveries: int) -> Rows:
    """The rows of a source about these people, by human."""
    known = dice.chance(f"known to {source.name}", people.human, source.known)
    twice = known & dice.chance(f"twice in {source.name}", people.human, source.duplicates)
    thrice = twice & dice.chance(f"thrice in {source.name}", people.human, source.duplicates)
    person = np.concatenate([np.flatnonzero(flags) for flags in (known, twice, thrice)])
    copy = np.repeat([0, 1, 2], [known.sum(), twice.sum(), thrice.sum()])
    identity = people.human[person] * _IDENTITIES_PER_HUMAN + copy
    days = np.array([(delivery_date(shares, number) - date(1970, 1, 1)).days for number in range(deliveries)])
    begun = _first_deliveries(dice, shares, source, identity, deliveries)
    as_of = _written(dice, source, people, person, identity, begun, days)
    parts = [Rows(person, identity, identity * 64, as_of, begun)]
    times = np.zeros(len(identity), np.int64)
    for delivery in range(1, deliveries):
        again = (begun < delivery) & dice.chance(f"updated {delivery} in {source.name}", identity, shares.updated)
        times += again & dice.chance(f"typed anew {delivery} in {source.name}", identity, shares.rekeyed)
        at = np.flatnonzero(again)
        as_of = np.minimum(days[delivery], np.maximum(people.died[person[at]], people.born[person[at]]))
        typed = identity[at] * 64 + times[at]
        parts.append(Rows(person[at], identity[at], typed, as_of, np.full(len(at), delivery, np.int64)))
    rows = Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))
    return rows.take(np.lexsort((rows.delivery, rows.identity)))


def _first_deliveries(dice: Dice, shares: Shares, source: Source, identity: Ints, deliveries: int) -> Ints:
    if deliveries == 1:
        return np.zeros(len(identity), np.int64)
    later = ~dice.chance(f"in the first of {source.name}", identity, shares.first_delivery_share)
    return np.where(later, 1 + dice.below(f"first delivery of {source.name}", identity, deliveries - 1), 0)


def _written(dice: Dice, source: Source, people: People, person: Ints, identity: Ints, begun: Ints, days: Ints) -> Ints:
    """When a record was written: long ago for those of the first delivery, in the last month for others."""
    chosen = dice.uniform(f"written in {source.name}", identity)
    years = np.minimum(-source.age * np.log1p(-chosen), YEARS_KEPT)
    day = days[begun] - np.where(begun == 0, years * YEAR, chosen * 28).astype(np.int64)
    born, died = people.born[person], people.died[person]
    if source.newborns:
        at_birth = (days[0] - born < 3 * YEAR) & (begun == 0) & dice.chance("written at birth", identity, 0.6)
        day = np.where(at_birth, born + 1, day)
    return np.clip(day, born, np.maximum(died, born))


def identifiers(dice: Dice, source: Source, identity: Ints) -> pa.Array:
    """The numbers a source gives: one to one, and telling nothing about the order of people (a Feistel network)."""
    left, right = identity >> 20, identity & 0xFFFFF
    for turn in range(4):
        mixed = dice.bits(f"numbers of {source.name} {turn}", right) & np.uint64(0xFFFFF)
        left, right = right, left ^ mixed.astype(np.int64)
    number = left << 20 | right
    pattern = source.identifier
    if "x" in pattern:
        return text.laid_out(text.hexadecimal(number, pattern.count("x")), pattern.replace("x", "0"))
    return text.laid_out(text.digits(number, pattern.count("0")), pattern)
