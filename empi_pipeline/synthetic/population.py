"""Blocks of a synthetic population: made one by one, each independent of the others, in parallel, in bounded memory."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.synthetic import text
from empi_pipeline.synthetic.deliveries import Rows, rows_of
from empi_pipeline.synthetic.dice import Dice, Flags, Ints
from empi_pipeline.synthetic.people import NEVER, People, people
from empi_pipeline.synthetic.records import table_of
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import DEFAULT_SOURCES, Source, sources_named

_HOUSEHOLDS_PER_BLOCK: Final = 16_384
_RECORDS_PER_HOUSEHOLD: Final = 4.0
"""Roughly, to make no more people than a small population needs."""
_WORKERS: Final = 2
_AHEAD: Final = 3
"""Blocks in the making at once: what bounds the memory."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make.

    Attributes:
        records: Rows to deliver, in all sources and deliveries together.
        seed: The same seed gives the same rows.
        sources: Who delivers.
        deliveries: How often each source delivers.
        extra: Also deliver middle_name, suffix and email in columns of their own, where a source has them.
        shares: How often things happen.
    """

    records: int
    seed: int = 1
    sources: tuple[Source, ...] = field(default_factory=lambda: sources_named(DEFAULT_SOURCES))
    deliveries: int = 1
    extra: bool = False
    shares: Shares = field(default_factory=Shares)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The rows of one block that one source delivers at once.

    Attributes:
        source: Its name.
        delivery: 0 for the first.
        table: The delivered columns, all text.
        humans: Who each row is about (`<household>-<slot>`): never part of what is delivered.
        is_first: Whether a row is the first of its source identity.
    """

    source: str
    delivery: int
    table: pa.Table
    humans: pa.Array
    is_first: pa.Array


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the population.

    Attributes:
        delivered: Its rows, by source and delivery.
        made: What was made: humans and rows by kind.
    """

    delivered: list[Delivered]
    made: Counter[str]


@dataclass(frozen=True, slots=True)
class _Made:
    """A block before it is known how many of its rows are wanted."""

    people: People
    tables: list[tuple[str, Rows, pa.Table, dict[str, Flags]]]
    """By source: the rows, what is delivered of them, and what was made of which."""

    @property
    def rows(self) -> int:
        return sum(len(rows) for _, rows, *_ in self.tables)


def blocks(plan: Plan) -> Iterator[Block]:
    """The population in parts, with exactly `plan.records` rows together.

    The rows of a source and delivery are in no meaningful order. What a row says depends on the seed, the sources and
    the shares only: a larger population contains the smaller one, but for the last humans of the smaller.
    """
    wanted = plan.records
    households = min(_HOUSEHOLDS_PER_BLOCK, -(-int(wanted / _RECORDS_PER_HOUSEHOLD * 1.1 + 16) // 16) * 16)
    starts = count(0, households)
    with ThreadPoolExecutor(_WORKERS, "synthetic") as pool:
        ahead: list[Future[_Made]] = []
        while wanted > 0:
            # No further ahead than what is surely needed, but at least one.
            while len(ahead) < _AHEAD and (not ahead or len(ahead) * households * 3 < wanted):
                start = next(starts)
                ahead.append(pool.submit(_make, plan, np.arange(start, start + households)))
            made = ahead.pop(0).result()
            yield _finished(plan, made, min(wanted, made.rows))
            wanted -= made.rows
        for future in ahead:
            future.cancel()


def _make(plan: Plan, households: Ints) -> _Made:
    dice = Dice(plan.seed)
    found = people(dice, plan.shares, households)
    tables = []
    for source in plan.sources:
        rows = rows_of(dice, plan.shares, source, found, plan.deliveries)
        rows = rows.take(np.argsort(dice.bits(f"order of {source.name}", rows.identity), kind="stable"))
        table, made = table_of(dice, plan.shares, source, found, rows, extra=plan.extra)
        tables.append((source.name, rows, table, made))
    return _Made(found, tables)


def _finished(plan: Plan, block: _Made, wanted: int) -> Block:
    """The first `wanted` rows of a block, human by human, parted by source and delivery."""
    owner = np.concatenate([rows.person for _, rows, *_ in block.tables])
    keep = np.ones(len(owner), np.bool_)
    if wanted < len(owner):
        keep[np.argsort(owner, kind="stable")[wanted:]] = False
    delivered, made, start = [], Counter[str](), 0
    seen = np.zeros(len(block.people), np.bool_)
    for source, every, table, noted in block.tables:
        kept = np.flatnonzero(keep[start : start + len(every)])
        start += len(every)
        rows = every.take(kept)
        seen[rows.person] = True
        # Rows of one identity stand in the order of their deliveries.
        _, first = np.unique(rows.identity, return_index=True)
        is_first = np.zeros(len(kept), np.bool_)
        is_first[first] = True
        made.update({name: int(flags[kept].sum()) for name, flags in noted.items()})
        made["identities"] += len(first)
        human = _labels(block.people, rows.person)
        for number in range(plan.deliveries):
            here = np.flatnonzero(rows.delivery == number)
            at = pa.array(here)
            delivered.append(
                Delivered(source, number, table.take(pa.array(kept[here])), human.take(at), pa.array(is_first[here]))
            )
    made.update(_counts(block.people, seen))
    return Block(delivered, made)


def _labels(found: People, rows: Ints) -> pa.Array:
    return text.joined(text.whole_numbers(found.household[rows]), "-", text.whole_numbers(found.slot[rows]))


def _counts(found: People, seen: Flags) -> Counter[str]:
    twins = (found.slot >= 7) & (found.slot < 12)
    return Counter(
        {
            "humans": int(seen.sum()),
            "humans_second_twins": int((seen & twins).sum()),
            "humans_named_after_a_relative": int((seen & (found.generation > 1)).sum()),
            "humans_in_institutions": int((seen & found.resident).sum()),
            "humans_renamed": int((seen & (found.renamed > -NEVER)).sum()),
            "humans_deceased": int((seen & (found.died < NEVER)).sum()),
        }
    )
