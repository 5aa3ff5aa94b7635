"""The one partitioning: a batch is the set of S3 object versions that one run takes in."""

from typing import Final

import dagster as dg

BATCHES: Final = dg.DynamicPartitionsDefinition(name="batches")
"""Keys are batch ids such as `2026-11-20-000017`: a day and a number, never a name from a file."""

PARTITION_TAG: Final = "dagster/partition"

CLAIM_TAG: Final = "empi/claimed_by_process"
"""The process that holds the claim on the batch of a run; the run need not, and cannot, take it again."""
