"""Carries out what a steward decided, publishes what followed, and says what stood in the way if anything did."""

import logging
from typing import Final, Protocol

from fastapi import Request

from empi_pipeline.api.access import User
from empi_pipeline.api.audit import audit
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.errors import ConflictError, EmpiError, NotFoundError
from empi_pipeline.identity.errors import ContradictionError, IdentityBusyError, InvalidDecisionError
from empi_pipeline.identity.from_settings import policy_of
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import PATIENCE_SECONDS, Saved
from empi_pipeline.postgres import Connection
from empi_pipeline.publishing import export_new_changes, publish
from empi_pipeline.stewardship.pages import Problem

_LOG: Final = logging.getLogger(__name__)
_WAIT_TO_PUBLISH: Final = 5_000
"""Milliseconds to wait for a publication that is under way: it may be a large one."""


class Save(Protocol):
    """A decision ready to be carried out."""

    def __call__(self, connection: Connection, policy: Policy, *, patience_seconds: float) -> Saved:
        """Save it, on a connection that is in no transaction."""


def policy(at: Runtime) -> Policy:
    """What identity goes by, as the batches are applied with."""
    with at.connection() as connection:
        return policy_of(at.settings, connection)


def carry_out(
    at: Runtime, request: Request, user: User, operation: str, save: Save, case_ids: tuple[int, ...] = ()
) -> Saved:
    """Save, note it in the audit and publish the crosswalk.

    Once saved it stays saved: where publishing fails, the next publication makes up for it.

    Args:
        at: The server.
        request: Where it comes from.
        user: Who decides.
        operation: As the audit names it.
        save: What to do.
        case_ids: The case it answers.

    Raises:
        EmpiError: Not saved; nothing was written.
    """
    by = policy(at)
    with at.connection() as connection:
        saved = save(connection, by, patience_seconds=PATIENCE_SECONDS)
        audit(
            connection, request, user, operation, person_ids=[each.person_id for each in saved.persons],
            case_ids=case_ids, change_id=saved.change_id,
        )  # fmt: skip
    try:
        with at.connection() as connection, connection.transaction():
            connection.execute("select set_config('lock_timeout', %s, true)", [str(_WAIT_TO_PUBLISH)])
            publish(connection)
        with at.connection() as connection:
            export_new_changes(connection, at.object_store())
    except EmpiError as error:
        _LOG.warning("change %d is saved; its publication waits for the next one: %s", saved.change_id, error)
    except Exception as error:  # The bucket may be away: a client's errors have no common base.
        _LOG.warning("change %d is saved; the feed in S3 lacks it: %s", saved.change_id, type(error).__name__)
    return saved


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
