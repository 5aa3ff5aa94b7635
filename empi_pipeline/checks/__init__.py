"""Asset checks: what must hold (blocking) and what deserves a look (warnings). Counts and names, never rows."""

from typing import Final

import dagster as dg

from empi_pipeline.checks.batch import BATCH_CHECKS
from empi_pipeline.checks.index import INDEX_CHECKS, data_quality_job

all_checks: Final[list[dg.AssetChecksDefinition]] = [*BATCH_CHECKS, *INDEX_CHECKS]

__all__ = ["all_checks", "data_quality_job"]
