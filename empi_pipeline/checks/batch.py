"""The checks of one batch, in the order of its way."""

from typing import Final

import dagster as dg

from empi_pipeline.checks.from_sql import sql_check

BATCH_CHECKS: Final[list[dg.AssetChecksDefinition]] = [
    sql_check(
        ["raw", "person_records"],
        "rows_reconcile",
        blocking=True,
        description="Nothing is lost: each delivered row is new, known before or rejected, and the counts say so.",
    ),
    sql_check(
        ["raw", "person_records"],
        "objects_read",
        blocking=False,
        description="Every object of the batch could be read.",
    ),
    sql_check(
        ["raw", "rejected_rows"], "rejected_rows", blocking=False, description="At most one row in twenty is rejected."
    ),
    sql_check(
        ["cleaned", "person_records"],
        "cleaned_one_each",
        blocking=True,
        description="Each person record has exactly one cleaned record.",
    ),
    sql_check(
        ["cleaned", "person_records"],
        "completeness_drift",
        blocking=False,
        description="No data source stopped filling a column it used to fill.",
    ),
    sql_check(
        ["matching", "predictions"],
        "predictions_well_formed",
        blocking=True,
        description="Predictions are above the threshold, explained, and about records of the index.",
    ),
    sql_check(
        ["matching", "predictions"],
        "match_rate_drift",
        blocking=False,
        description="The share of auto-matches is in line with the batches before.",
    ),
    sql_check(
        ["identity", "persons"],
        "persons_one_each",
        blocking=True,
        description="Each record of the batch belongs to exactly one living person.",
    ),
    sql_check(
        ["identity", "persons"], "person_sizes", blocking=False, description="No person holds more than 100 records."
    ),
    sql_check(
        ["publishing", "crosswalk"],
        "crosswalk_agrees",
        blocking=True,
        description="The crosswalk gives each source identity of the batch the person its records belong to.",
    ),
]
