"""The page of figures: what waits, what was decided, agreement of stewards, rates over time, the latest batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from empi_pipeline.addresses import dagster_link
from empi_pipeline.api.access import Viewer
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.evaluation.history import Kept, history
from empi_pipeline.evaluation.rates_page import TOLD
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load
from empi_pipeline.stewardship.case_view import KINDS
from empi_pipeline.stewardship.charts import columns, sparkline
from empi_pipeline.stewardship.pages import PageRoute, render

router = APIRouter(route_class=PageRoute)

_AHIMA: Final = ("duplicate", "creation", "overlap", "overlay", "in_review")
_QUALITY: Final = (
    "estimated_precision",
    "estimated_recall",
    "true_precision",
    "true_recall",
    "true_f1",
    "true_overlay",
    "true_missed_in_review",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A table or drawing with its title; numbers only, no value of a record."""

    title: str
    told: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    drawn: Markup | None = None
    wide: bool = False


@router.get("/figures")
def figures_page(request: Request, user: Viewer, at: AtRuntime) -> Response:
    """All figures."""
    with at.connection() as connection:
        past = history(connection)
        figures = [
            _queue(connection),
            _agreement(connection),
            _decisions(connection),
            _stewards(connection),
            _over_time("AHIMA rates", "Measured by the schedule, or by `empi evaluate rates --keep`.", past, _AHIMA),
            _over_time(
                "Quality of the model",
                "Estimated from stewards' answers about samples, or measured against known truth.",
                past,
                _QUALITY,
            ),
            _batches(connection),
        ]
    return render(request, user, "figures.html", figures=figures)


def _queue(connection: Connection) -> Figure:
    rows = connection.execute(load("stewardship/queue_age"), {}).fetchall()
    told = [
        (KINDS[kind][0], *(f"{count:,}" for count in counts), f"{sum(counts):,}", f"{oldest:%Y-%m-%d}")
        for kind, *counts, oldest in rows
    ]
    return Figure(
        "Waiting",
        "Open cases by how long they have waited.",
        ("kind", "under a day", "a week", "a month", "longer", "all", "oldest"),
        told,
    )


def _decisions(connection: Connection) -> Figure:
    rows = connection.execute(load("stewardship/decisions_by_day"), {}).fetchall()
    saved, back = (sum(row[place] for row in rows) for place in (1, 2))
    told = f"{saved:,} saved and {back:,} taken back in the last 30 days."
    drawn = columns([(f"{day:%Y-%m-%d}", one, other) for day, one, other in rows], told)
    return Figure("Decisions a day", told, drawn=drawn)


def _stewards(connection: Connection) -> Figure:
    rows = connection.execute(load("stewardship/decisions_by_steward"), {}).fetchall()
    return Figure(
        "By steward",
        "Decisions of the last 30 days, and how many of them were taken back since.",
        ("steward", "decided", "taken back"),
        [(actor, f"{saved:,}", f"{back:,}") for actor, saved, back in rows],
    )


def _agreement(connection: Connection) -> Figure:
    row = connection.execute(load("stewardship/agreement"), {}).fetchone()
    assert row is not None
    pairs, agreed, same, said, agreement = row
    if not pairs:
        return Figure(
            "Agreement",
            "Where two stewards judge the same sampled pair (`empi evaluate next`), this tells how often they agree.",
        )
    share = same / said
    by_chance = share**2 + (1 - share) ** 2
    # Fleiss 1971, for any number of stewards a pair; undefined where all say the same of everything.
    kappa = f"{(agreement - by_chance) / (1 - by_chance):.2f}" if by_chance < 1 else "-"
    return Figure(
        "Agreement",
        "Sampled pairs that two stewards or more judged. Kappa is agreement beyond chance (Fleiss 1971).",
        ("pairs", "all agree", "share", "kappa"),
        [(f"{pairs:,}", f"{agreed:,}", f"{100 * agreed / pairs:.0f} %", kappa)],
    )


def _batches(connection: Connection) -> Figure:
    rows = connection.execute(load("stewardship/latest_batches"), {}).fetchall()
    told = [
        (
            batch_id,
            status,
            *(f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (started, finished)),
            _linked(f"/changes/{change_id}", f"change {change_id}") if change_id else "",
            _linked(dagster_link(f"/runs/{run_id}"), run_id[:8]) if run_id else "",
        )
        for batch_id, status, started, finished, run_id, change_id in rows
    ]
    return Figure(
        "Latest batches",
        "What was delivered last, the newest first. Files and rows are told in Dagster.",
        ("batch", "state", "begun", "ended", "what it changed", "Dagster run"),
        told,
        wide=True,
    )


def _linked(address: str | None, text: str) -> str:
    return Markup('<a href="{}">{}</a>').format(address, text) if address else text


def _over_time(title: str, told: str, past: Sequence[Kept], names: Sequence[str]) -> Figure:
    rows = []
    for name in names:
        line = [each for each in past if each.rate == name]
        if not line:
            continue
        last = line[-1]
        limits = "" if last.low is None or last.high is None else f"{100 * last.low:.1f} to {100 * last.high:.1f} %"
        rows.append(
            (
                name.replace("_", " "),
                f"{100 * last.value:.2f} %",
                limits,
                sparkline([each.value for each in line], f"{name.replace('_', ' ')} over {len(line)} measurements"),
                f"{last.measured_at:%Y-%m-%d}",
                TOLD.get(name, ""),
            )
        )
    return Figure(title, told, ("rate", "now", "95 % limits", "over time", "measured", "what"), rows, wide=True)
