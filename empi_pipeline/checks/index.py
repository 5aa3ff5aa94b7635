"""The checks of the whole index: what the daily data-quality schedule runs."""

from typing import Final

import dagster as dg

from empi_pipeline.checks.from_sql import SqlCheck, index_checks

INDEX_CHECKS: Final[list[dg.AssetChecksDefinition]] = [
    index_checks(
        ["identity", "persons"],
        [
            SqlCheck(
                "index_one_person_each",
                blocking=True,
                description="Each record of the index has one living person, counts are right, retired ids resolve.",
            )
        ],
    ),
    index_checks(
        ["identity", "review_queue"],
        [
            SqlCheck(
                "open_cases_ask_something",
                blocking=False,
                description="Each open potential match still asks about two different persons.",
            )
        ],
    ),
    index_checks(
        ["publishing", "crosswalk"],
        [SqlCheck("index_crosswalk_agrees", blocking=True, description="The crosswalk agrees with membership.")],
    ),
]

data_quality_job = dg.define_asset_job(
    "data_quality",
    selection=dg.AssetSelection.checks(*INDEX_CHECKS),
    executor_def=dg.in_process_executor,
    description="Check the invariants of the whole index.",
)
