"""Carries out what a steward decided, and says what stood in the way if anything did."""

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from fastapi import Request

from empi_pipeline.api import saving
from empi_pipeline.api.access import User
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.api.saving import PATIENCE_SECONDS
from empi_pipeline.errors import ConflictError, EmpiError, NotFoundError
from empi_pipeline.identity.errors import ContradictionError, IdentityBusyError, InvalidDecisionError
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.postgres import Connection
from empi_pipeline.stewardship.pages import Problem


class Save(Protocol):
    """A decision ready to be carried out."""

    def __call__(self, connection: Connection, policy: Policy, *, patience_seconds: float) -> Saved:
        """Save it."""


def carry_out(
    at: Runtime, request: Request, user: User, operation: str, save: Save, case_ids: Iterable[int] = ()
) -> Saved:
    """Save, note it in the audit and publish, as every save through the server.

    Args:
        at: The server.
        request: Where it comes from.
        user: Who decides.
        operation: As the audit names it.
        save: What to do.
        case_ids: The case it answers.

    Raises:
        EmpiError: Not saved; nothing was written.
        ApiError: 403, it would touch records that are not for this user's eyes.
    """
    patient = partial(save, patience_seconds=PATIENCE_SECONDS)
    return saving.carry_out(at, request, user, operation, patient, case_ids=case_ids)


def problem_of(error: EmpiError) -> Problem:
    """What stood in the way of a save, as its page tells it.

    Raises:
        EmpiError: Nothing a steward could do anything about.
    """
    if isinstance(error, NotFoundError):
        raise error
    first, *more = str(error).splitlines()
    if isinstance(error, ContradictionError):
        return Problem(
            "contradiction",
            "Nothing was saved: decisions in force say otherwise.",
            details=[line.strip() for line in more],
            advice="Undo the change that is wrong, or tick “end the decisions in the way” and save again.",
            may_overrule=True,
        )
    if isinstance(error, IdentityBusyError):
        return Problem(
            "busy",
            "Nothing was saved yet: others are writing identities, probably a batch.",
            advice="What you entered is still here. Try again in a moment.",
        )
    if isinstance(error, ConflictError):
        return Problem(
            "stale",
            "Nothing was saved: this is not any more what you looked at.",
            first[0].upper() + first[1:] + ".",
            advice="Below is what is there now, with what you entered. Look at it, then save again.",
        )
    if isinstance(error, InvalidDecisionError):
        return Problem("wrong", "Nothing was saved.", str(error))
    raise error
