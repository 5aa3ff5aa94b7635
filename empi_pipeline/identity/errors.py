"""What can go wrong in the identity room; messages name batches, changes, cases and persons, never field values."""

from empi_pipeline.errors import ConflictError, EmpiError


class StalePredictions(EmpiError):  # noqa: N818 - the name of a state, which callers handle by scoring again.
    """The predictions of a batch have not seen the index as it is now: score the batch again, then apply it."""


class IdentityBusyError(ConflictError):
    """Somebody else is writing identities and did not finish in time; nothing was written, try again."""


class BrokenLedgerError(EmpiError):
    """The ledger and the state disagree, or the chain of digests is broken: run `empi verify` and call for help."""
