"""The checks of the whole index: what the daily data-quality schedule runs."""

from typing import Final

import dagster as dg

from empi_pipeline.checks.from_sql import sql_check

INDEX_CHECKS: Final[list[dg.AssetChecksDefinition]] = [
    sql_check(
        ["identity", "persons"],
        "index_one_person_each",
        blocking=True,
        whole_index=True,
        description="Each record of the index has one living person, counts are right, retired ids resolve.",
    ),
    sql_check(
        ["identity", "review_queue"],
        "open_cases_ask_something",
        blocking=False,
        whole_index=True,
        description="Each open potential match still asks about two different persons.",
    ),
    sql_check(
        ["publishing", "crosswalk"],
        "index_crosswalk_agrees",
        blocking=True,
        whole_index=True,
        description="The crosswalk agrees with membership.",
    ),
]

data_quality_job = dg.define_asset_job(
    "data_quality",
    selection=dg.AssetSelection.checks(*INDEX_CHECKS),
    executor_def=dg.in_process_executor,
    description="Check the invariants of the whole index.",
)
