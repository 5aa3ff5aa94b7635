"""The checks of one batch, in the order of its way."""

from typing import Final

import dagster as dg

from empi_pipeline.checks.from_sql import SqlCheck, batch_checks

BATCH_CHECKS: Final[list[dg.AssetChecksDefinition]] = [
    batch_checks(
        ["raw", "person_records"],
        [
            SqlCheck(
                "rows_reconcile",
                blocking=True,
                description="Nothing is lost: each delivered row is new, known before or rejected.",
            ),
            SqlCheck("objects_read", blocking=False, description="Every object of the batch could be read."),
        ],
    ),
    batch_checks(
        ["raw", "rejected_rows"],
        [SqlCheck("rejected_rows", blocking=False, description="At most one row in twenty is rejected.")],
    ),
    batch_checks(
        ["cleaned", "person_records"],
        [
            SqlCheck(
                "cleaned_one_each", blocking=True, description="Each person record has exactly one cleaned record."
            ),
            SqlCheck(
                "completeness_drift",
                blocking=False,
                description="No data source stopped filling a column it used to fill.",
            ),
        ],
    ),
    batch_checks(
        ["matching", "predictions"],
        [
            SqlCheck(
                "predictions_well_formed",
                blocking=True,
                description="Predictions are above the threshold, explained, and about records of the index.",
            ),
            SqlCheck(
                "match_rate_drift",
                blocking=False,
                description="The share of auto-matches is in line with the batches before.",
            ),
        ],
    ),
    batch_checks(
        ["identity", "persons"],
        [
            SqlCheck(
                "persons_one_each",
                blocking=True,
                description="Each record of the batch belongs to exactly one living person.",
            ),
            SqlCheck("person_sizes", blocking=False, description="No person holds more than 100 records."),
        ],
    ),
    batch_checks(
        ["publishing", "crosswalk"],
        [
            SqlCheck(
                "crosswalk_agrees",
                blocking=True,
                description="The crosswalk gives each source identity of the batch the person its records belong to.",
            )
        ],
    ),
]
