"""The rates by which the index is watched: figures to plot over time, and checks that warn."""

from collections.abc import Iterator
from typing import Any, Final

import dagster as dg

from empi_pipeline.assets.links import page_links
from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.evaluation.history import keep_rates
from empi_pipeline.evaluation.rates import Rate, Rates, measure_rates, widest_gaps
from empi_pipeline.evaluation.tasks import with_estimates
from empi_pipeline.resources import PostgresResource, SettingsResource
from empi_pipeline.settings import EvaluationSettings

LEAST_FOR_A_GAP: Final = 1_000
"""Source identities; match rates of smaller groups differ by chance."""

_MOST_SOURCES: Final = 50

_CHECKS: Final = {
    "overlay_rate": "Few persons wait for the question whether they are two.",
    "creation_rate": "Few of the new source identities duplicate one of their own source.",
    "in_review_rate": "Stewards keep up with the review queue.",
    "subgroup_gap": "No group by source, sex, race or age is matched much more or less often than all.",
    "estimated_precision": "Stewards' answers about sampled pairs do not contradict the precision wanted.",
}


@dg.asset(
    key=["evaluation", "rates"],
    deps=[["identity", "persons"], ["identity", "review_queue"]],
    group_name="evaluation",
    kinds={"postgres"},
    owners=["team:stewardship"],
    check_specs=[
        dg.AssetCheckSpec(name, asset=dg.AssetKey(["evaluation", "rates"]), description=told)
        for name, told in _CHECKS.items()
    ],
)
def rates(
    postgres: PostgresResource, settings: SettingsResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Duplicate, creation, overlap and overlay rates, and match rates by subgroup, kept as a history.

    Looks at every record of the index: run by the clock, not by batches.
    """
    limits = settings.read().evaluation
    with postgres.connect() as connection:
        found = measure_rates(connection, created_days=limits.created_days, smallest_group=limits.smallest_group)
    with postgres.connect() as connection:
        found = with_estimates(connection, found)
        measurement = keep_rates(connection, found, "dagster")
    yield dg.MaterializeResult(
        metadata={
            "measurement": measurement,
            "identity change": found.change_id,
            **page_links(on_the_page="/figures"),
            **_metadata(found),
        }
    )
    yield from _checked(found, limits)


def _metadata(found: Rates) -> dict[str, Any]:
    """Numbers that Dagster plots over time, and a table; groups by race go without their names, which are values."""
    told: dict[str, Any] = {f"{each.rate.replace('_', ' ')} rate": each.value for each in found.of_dimension("all")}
    for rate in ("duplicate", "creation", "overlay"):
        for each in found.of(rate, "data_source")[:_MOST_SOURCES]:
            told[f"{rate} rate of {each.label}"] = each.value
    for gap in widest_gaps(found, LEAST_FOR_A_GAP):
        told[f"widest gap by {gap.dimension.replace('_', ' ')}"] = gap.size
    groups = [each for dimension in ("sex", "age_band") for each in found.of_dimension(dimension)]
    told["subgroups"] = markdown_table(
        ["rate", "group", "share", "source identities"],
        [(each.rate, each.label, each.value, each.denominator) for each in groups],
    )
    return told


def _checked(found: Rates, limits: EvaluationSettings) -> list[dg.AssetCheckResult]:
    gaps = widest_gaps(found, LEAST_FOR_A_GAP)
    widest = {f"by {gap.dimension.replace('_', ' ')}": gap.size for gap in gaps}
    precision = found.overall("estimated_precision")
    contradicted = precision is not None and precision.high is not None and precision.high < limits.least_precision
    return [
        _at_most("overlay_rate", found.overall("overlay"), limits.most_overlay),
        _at_most("creation_rate", found.overall("creation"), limits.most_creation),
        _at_most("in_review_rate", found.overall("in_review"), limits.most_in_review),
        _result("subgroup_gap", all(size <= limits.widest_gap for size in widest.values()), limits.widest_gap, widest),
        _result(
            "estimated_precision",
            not contradicted,
            limits.least_precision,
            {"estimate": precision.value, "low": precision.low or 0.0, "high": precision.high or 1.0}
            if precision
            else {},
        ),
    ]


def _at_most(name: str, rate: Rate | None, limit: float) -> dg.AssetCheckResult:
    value = rate.value if rate else 0.0
    return _result(name, value <= limit, limit, {"rate": value})


def _result(name: str, passed: bool, limit: float, told: dict[str, float]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"limit": limit, **told},
    )
