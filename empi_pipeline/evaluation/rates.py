"""The rates by which an index is watched: AHIMA's, and how alike it treats people. From the index itself, no truth.

Definitions (after AHIMA, "Managing the Integrity of Patient Identity in Health Information Exchange", 2009 and 2014;
each figure says what is over what, since publications differ):

* `duplicate`: source identities that are not the earliest one of their person in their source / source identities.
* `creation`: the same among source identities that are new in a period, 30 days by default.
* `overlap`: persons whom another data source knows too / persons.
* `overlay`: persons whom an open overlay case asks about / persons. Suspected ones: how many truly hold two humans
  only known truth or a sample can tell.
* `in_review`: persons in any open case / persons.
* By identity and subgroup, `match`: with another source identity in their person; `review`: in an open case;
  `doubt`: in an open overlay case / source identities.

Costs a look at every record: for the clock and for asking, not for a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import IsolationLevel

from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

DIMENSIONS: Final = ("data_source", "sex", "race", "age_band")
"""The groups that rates are told by, beside `all`."""

SMALL_GROUPS: Final = "(small groups)"
"""Groups too small to be told apart without telling of single people."""

SMALLEST_GROUP: Final = 11
"""Fewer people are not told as a group (the rule of the US Centers for Medicare & Medicaid Services)."""

SUBGROUP_RATES: Final = ("match", "review", "doubt")


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of one group; `low` and `high` are confidence limits where the value is an estimate."""

    rate: str
    dimension: str
    label: str
    numerator: int | None
    denominator: int | None
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """All rates at one identity change."""

    change_id: int
    rates: tuple[Rate, ...]

    def of(self, rate: str, dimension: str = "all") -> list[Rate]:
        """The rates of one name, by group."""
        return [each for each in self.rates if (each.rate, each.dimension) == (rate, dimension)]

    def of_dimension(self, dimension: str) -> list[Rate]:
        """All rates of one dimension."""
        return [each for each in self.rates if each.dimension == dimension]

    def overall(self, rate: str) -> Rate | None:
        """The rate of the whole index."""
        return next(iter(self.of(rate)), None)


@dataclass(frozen=True, slots=True)
class Gap:
    """The widest difference between a group and all in one rate and dimension."""

    rate: str
    dimension: str
    label: str
    value: float
    overall: float

    @property
    def size(self) -> float:
        """How far apart, as a share."""
        return abs(self.value - self.overall)


def measure_rates(connection: Connection, *, created_days: int = 30, smallest_group: int = SMALLEST_GROUP) -> Rates:
    """All rates now, in one snapshot.

    Args:
        connection: A connection in no transaction.
        created_days: How long a source identity counts as new.
        smallest_group: Groups by sex, race or age with fewer source identities are put together; sources are not.
    """
    connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    with connection.transaction(), connection.cursor() as cursor:
        for statement in ("indexed_make", "asked_persons_make"):
            cursor.execute(load(f"evaluation/{statement}"))
        cursor.execute("analyze indexed")
        rows = cursor.execute(load("evaluation/rates_of_persons")).fetchall()
        rows += cursor.execute(load("evaluation/rates_of_identities"), {"created_days": created_days}).fetchall()
        newest = cursor.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone() or (0,)
    counted = [
        Rate(rate, dimension, label, over, under, over / under if under else 0.0)
        for rate, dimension, label, over, under in rows
    ]
    return Rates(newest[0], tuple(_without_small_groups(counted, smallest_group)))


def widest_gaps(rates: Rates, least: int) -> list[Gap]:
    """Per dimension the group whose match rate is farthest from that of all; the widest first.

    Args:
        rates: As measured.
        least: Groups with fewer source identities differ by chance and are left out.
    """
    overall = rates.overall("match")
    if overall is None:
        return []
    gaps = []
    for dimension in DIMENSIONS:
        groups = [
            Gap("match", dimension, each.label, each.value, overall.value)
            for each in rates.of("match", dimension)
            if (each.denominator or 0) >= least and each.label != SMALL_GROUPS
        ]
        if groups:
            gaps.append(max(groups, key=lambda gap: gap.size))
    return sorted(gaps, key=lambda gap: -gap.size)


def _without_small_groups(rates: Sequence[Rate], smallest: int) -> list[Rate]:
    sizes = {(each.dimension, each.label): each.denominator or 0 for each in rates if each.rate == "match"}
    told: list[Rate] = []
    pooled: dict[tuple[str, str], tuple[int, int]] = {}
    for each in rates:
        by_people = each.dimension in {"sex", "race", "age_band"}
        if by_people and each.rate not in SUBGROUP_RATES:
            continue  # Duplicates and creation are told by source; by sex they would say the same as matches.
        if by_people and sizes[each.dimension, each.label] < smallest:
            over, under = pooled.get((each.rate, each.dimension), (0, 0))
            pooled[each.rate, each.dimension] = (over + (each.numerator or 0), under + (each.denominator or 0))
            continue
        told.append(each)
    told += [
        Rate(rate, dimension, SMALL_GROUPS, over, under, over / under if under else 0.0)
        for (rate, dimension), (over, under) in pooled.items()
        if under >= smallest
    ]
    return sorted(told, key=lambda each: (each.dimension != "all", each.dimension, each.rate, each.label))
