"""What can go wrong in the identity room; messages name batches, changes, cases and persons, never field values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from empi_pipeline.errors import ConflictError, EmpiError

_SHOWN: Final = 5
_SHOWN_STEPS: Final = 8
"""So many contradictions, and decisions of each, a message tells; the error holds all."""


class StalePredictions(EmpiError):  # noqa: N818 - the name of a state, which callers handle by scoring again.
    """The predictions of a batch have not seen the index as it is now: score the batch again, then apply it."""


class IdentityBusyError(ConflictError):
    """Somebody else is writing identities and did not finish in time; nothing was written, try again."""


class CaseReplacedError(ConflictError):
    """The review case one decides about was replaced by another one; nothing was written."""


class CaseClosedError(ConflictError):
    """The review case one decides about is closed already; nothing was written."""


class CaseChangedError(ConflictError):
    """The review case is not any more what one looked at; nothing was written."""


class PersonChangedError(ConflictError):
    """A person is not any more what one looked at; nothing was written."""


class BrokenLedgerError(EmpiError):
    """The ledger and the state disagree, or the chain of digests is broken: run `empi verify` and call for help."""


@dataclass(frozen=True, slots=True)
class Statement:
    """That two records are (`must_link`) or are not (`cannot_link`) one human, and who said so.

    Attributes:
        kind: `must_link` or `cannot_link`.
        left: The lower record id.
        right: The higher record id.
        is_new: Whether it is what somebody is about to say.
        change_id: The change it was decided in, where it is not new and was looked up.
        actor: Who decided it.
        decided_at: When.
    """

    kind: str
    left: int
    right: int
    is_new: bool = False
    change_id: int | None = None
    actor: str | None = None
    decided_at: datetime | None = None

    def __str__(self) -> str:
        says = f"{self.left} {'=' if self.kind == 'must_link' else '≠'} {self.right}"
        if self.is_new:
            return f"{says} (now)"
        if self.actor is None or self.decided_at is None:
            return says
        return f"{says} ({self.actor}, {self.decided_at.astimezone():%Y-%m-%d %H:%M}, change {self.change_id})"


class ContradictionError(ConflictError):
    """Decisions would say that the same records are and are not one human; nothing was written.

    Attributes:
        paths: Each a contradiction: the decision that does not fit and, after it, those it does not fit with, record by
            record from one of its records to the other.
        pairs: Record ids (left, right) of the decisions that do not fit.
    """

    def __init__(self, paths: Sequence[Sequence[Statement]]) -> None:
        self.paths = [list(path) for path in paths]
        self.pairs = [(path[0].left, path[0].right) for path in paths]
        shown = [_told(path) for path in self.paths[:_SHOWN]]
        if len(self.paths) > _SHOWN:
            shown.append(f"... and {len(self.paths) - _SHOWN} more")
        super().__init__(
            "this contradicts decisions in force; nothing was saved. Take back the change that is wrong, or overrule."
            " Records that would have to be one human and not one human:\n  " + "\n  ".join(shown)
        )


def _told(path: Sequence[Statement]) -> str:
    if len(path) > _SHOWN_STEPS:
        hidden = f"... {len(path) - _SHOWN_STEPS} more ..."
        steps = [*map(str, path[: _SHOWN_STEPS - 1]), hidden, str(path[-1])]
    else:
        steps = list(map(str, path))
    return steps[0] + (f", but {', '.join(steps[1:])}" if steps[1:] else "")


class InvalidDecisionError(EmpiError):
    """What was asked for makes no sense whatever the state is; nothing was written."""

    exit_code = 2


class PlanRefusedError(EmpiError):
    """A rematch would change more than its limits allow; nothing was written. Look at the plan, then approve it."""

    exit_code = 6
