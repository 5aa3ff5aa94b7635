"""The one partitioning: a batch is the set of S3 object versions that one run takes in."""

from typing import Final

import dagster as dg

BATCHES: Final = dg.DynamicPartitionsDefinition(name="batches")
"""Keys are batch ids such as `2026-11-20-000017`: a day and a number, never a name from a file."""
