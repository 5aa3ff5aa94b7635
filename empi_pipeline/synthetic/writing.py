"""What all columns of a delivery are written from, and the bookkeeping of what was made of them."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from empi_pipeline.synthetic import text, typos
from empi_pipeline.synthetic.deliveries import Rows
from empi_pipeline.synthetic.dice import Dice, Flags, Ints
from empi_pipeline.synthetic.people import People
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import Source


@dataclass(frozen=True, slots=True)
class Writing:
    """The rows of one source that are being written.

    Attributes:
        dice, shares, source: As everywhere.
        people: Everybody of the block; `heads` in `people` name its rows.
        rows: The rows.
        who: The people of the rows, row by row.
        made: What was made, by name: the rows concerned.
    """

    dice: Dice
    shares: Shares
    source: Source
    people: People
    rows: Rows
    who: People
    made: dict[str, Flags] = field(default_factory=dict)

    @property
    def keys(self) -> Ints:
        """Who is asked about errors: the same for rows typed on one occasion."""
        return self.rows.typed

    def ask(self, question: str) -> str:
        """A question that each source answers on its own."""
        return f"{self.source.name}: {question}"

    def chance(self, question: str, share: float) -> Flags:
        """Yes for this share of the rows; careless sources do not count here."""
        return self.dice.chance(self.ask(question), self.keys, share)

    def error(self, name: str, among: Flags | None = None) -> Flags:
        """Rows with the error of this name in `Shares`, as often as the source is careless; noted."""
        flags = self.chance(name, min(0.95, getattr(self.shares, name) * self.source.errors))
        flags = flags if among is None else flags & among
        return self.count(name, flags)

    def count(self, name: str, flags: Flags) -> Flags:
        """The flags, noted under a name."""
        self.made[name] = flags
        return flags

    def mistyped(self, name: str, texts: pa.Array) -> pa.Array:
        """Texts with typing errors, as often as `typo_…` of the shares says."""
        there = np.asarray(texts.is_valid())
        rows = np.flatnonzero(self.error(name, there))
        return text.replaced(
            texts, rows, typos.mistyped(self.dice, self.ask(name), self.keys[rows], texts.take(pa.array(rows)))
        )

    def mistyped_digits(self, name: str, digits: text.Bytes) -> text.Bytes:
        """The same for numbers."""
        rows = np.flatnonzero(self.error(name))
        result = digits.copy()
        if len(rows):
            result[rows] = typos.mistyped_digits(self.dice, self.ask(name), self.keys[rows], digits[rows])
        return result

    def missing(self, texts: pa.Array, *reasons: Flags) -> pa.Array:
        """Missing wherever there is a reason."""
        return text.where(np.logical_or.reduce(reasons), None, texts)

    def one_of(self, question: str, texts: pa.Array, values: tuple[str, ...], flags: Flags) -> pa.Array:
        """One of the values where flagged, the first ones more often."""
        rows = np.flatnonzero(flags)
        weights = 1.0 / (np.arange(len(values)) + 1)
        place = self.dice.choice(self.ask(question), self.keys[rows], weights)
        return text.replaced(texts, rows, pa.array(values, pa.string()).take(pa.array(place)))
