"""What stewards do: confirm, reject, partition, merge, split. Each is one change, all or nothing, and can be undone."""

from empi_pipeline.identity.answers import confirm, reject
from empi_pipeline.identity.rearrangements import PersonUpdate, merge, partition, split
from empi_pipeline.identity.stewardship import PATIENCE_SECONDS, Saved

__all__ = ["PATIENCE_SECONDS", "PersonUpdate", "Saved", "confirm", "merge", "partition", "reject", "split"]
