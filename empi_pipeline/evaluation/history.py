"""The history of measurements: figures kept, and read again to be drawn over time."""

from dataclasses import astuple, fields
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from empi_pipeline.evaluation.against_truth import AgainstTruth
from empi_pipeline.evaluation.rates import SMALLEST_GROUP, Rate, Rates
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.sql import load


class Kept(NamedTuple):
    """A figure of the past."""

    measured_at: datetime
    rate: str
    label: str
    value: float
    low: float | None
    high: float | None


def keep_rates(connection: Connection, rates: Rates, actor: str) -> int:
    """Add rates to the history, in the caller's transaction; the number of the measurement."""
    return _keep(connection, "rates", rates.change_id, list(rates.rates), actor)


def keep_truth(connection: Connection, found: AgainstTruth, actor: str) -> int:
    """Add a comparison with known truth to the history; the number of the measurement."""
    counted, kept = found.identities, []
    for name, over, under in (
        ("true_precision", counted.right, counted.right + counted.wrong),
        ("true_recall", counted.right, counted.right + counted.missed),
        ("true_overlay", counted.overlaid, counted.persons),
    ):
        value = over / under if under else float(name != "true_overlay")
        kept.append(Rate(name, "all", "all", over, under, value))
    kept.append(Rate("true_f1", "all", "all", None, None, counted.f1))
    if found.missed_in_review is not None:
        kept.append(Rate("true_missed_in_review", "all", "all", None, None, found.missed_in_review))
    for group in found.subgroups:
        if group.dimension != "data_source" and group.identities < SMALLEST_GROUP:
            continue
        for name, over in (("true_overlay", group.overlaid), ("true_split", group.split)):
            kept.append(Rate(name, group.dimension, group.label, over, group.identities, over / group.identities))
    return _keep(connection, "truth", found.change_id, kept, actor)


def history(connection: Connection, dimension: str = "all", since: datetime | None = None) -> list[Kept]:
    """The figures of the past by one dimension, oldest first."""
    rows = connection.execute(load("evaluation/history"), {"dimension": dimension, "since": since}).fetchall()
    return [Kept(*row) for row in rows]


def _keep(connection: Connection, kind: str, change_id: int, rates: list[Rate], actor: str) -> int:
    row = connection.execute(
        load("evaluation/measurement_add"), {"kind": kind, "actor": actor, "change_id": change_id}
    ).fetchone()
    assert row is not None
    names = [field.name for field in fields(Rate)]
    columns = dict(zip(names, zip(*map(astuple, rates), strict=True), strict=True)) if rates else {}
    if columns:
        types = {"numerator": pa.int64(), "denominator": pa.int64(), "low": pa.float64(), "high": pa.float64()}
        table = pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})
        copy_in(connection, "evaluation.rates", table, constants={"measurement_id": row[0]})
    return int(row[0])
