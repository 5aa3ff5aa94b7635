"""What can go wrong in the identity room; messages name batches, changes, cases and persons, never field values."""

from empi_pipeline.errors import ConflictError, EmpiError


class StalePredictions(EmpiError):  # noqa: N818 - the name of a state, which callers handle by scoring again.
    """The predictions of a batch have not seen the index as it is now: score the batch again, then apply it."""


class IdentityBusyError(ConflictError):
    """Somebody else is writing identities and did not finish in time; nothing was written, try again."""


class BrokenLedgerError(EmpiError):
    """The ledger and the state disagree, or the chain of digests is broken: run `empi verify` and call for help."""


class ContradictionError(ConflictError):
    """Decisions would say that the same records are and are not one human; nothing was written.

    `pairs` are the record ids (left, right) of the decisions in the way.
    """

    def __init__(self, pairs: list[tuple[int, int]]) -> None:
        self.pairs = pairs
        shown = ", ".join(f"{left} and {right}" for left, right in pairs[:5]) + (", ..." if len(pairs) > 5 else "")
        super().__init__(
            f"this contradicts decisions in force: records {shown} would have to be one human and not one human;"
            " nothing was saved. Take the earlier decision back, or overrule it"
        )


class InvalidDecisionError(EmpiError):
    """What was asked for makes no sense whatever the state is; nothing was written."""

    exit_code = 2


class PlanRefusedError(EmpiError):
    """A rematch would change more than its limits allow; nothing was written. Look at the plan, then approve it."""

    exit_code = 6
