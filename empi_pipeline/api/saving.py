"""What all saves share: one transaction with its audit, the limits of the user, and publishing what came of it."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, Final

from fastapi import Request

from empi_pipeline.api.access import User
from empi_pipeline.api.audit import audit
from empi_pipeline.api.limits import refuse_beyond
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.api.wire import CASE, id_of, person_id_of
from empi_pipeline.errors import EmpiError
from empi_pipeline.identity.decisions import Saved
from empi_pipeline.identity.from_settings import policy_of
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.publishing import publish_at_once

_LOG: Final = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 1.5
"""How long a save waits for others who write identities; then it says so, and nothing is lost but the wait."""

_PUBLICATION_MILLISECONDS: Final = 300
"""How long a save waits for a publication that is under way: that of a large batch holds the crosswalk for seconds."""

_LATER_SECONDS: Final = 5.0
"""When a save that was not published for that is, unless another save or batch was faster."""

_WAITING: Final = "publication that waits"

SaveFunction = Callable[[Connection, Policy], Saved]
"""Saves on a connection that is in a transaction, by a policy."""


def carry_out(
    at: Runtime,
    request: Request,
    user: User,
    operation: str,
    save: SaveFunction,
    *,
    case_ids: Iterable[int] = (),
    person_ids: Iterable[str] = (),
) -> Saved:
    """Save, note it in the audit, publish. All or nothing, but for publishing, which the next publication makes up for.

    Args:
        at: The server.
        request: Where it comes from.
        user: Who saves.
        operation: For the audit, e.g. `case.decide`.
        save: Does it.
        case_ids: Cases it answers.
        person_ids: Persons it names.

    Raises:
        EmpiError: Not saved, nothing was written.
        ApiError: 403, it would touch persons with records the user may not see; nothing was written.
    """
    named = list(person_ids)
    with at.connection() as connection, connection.transaction():
        refuse_beyond(connection, user, named)
        saved = save(connection, policy_of(at.settings, connection))
        touched = [person.person_id for person in saved.persons]
        # Looked at when it is done, in the same transaction: evidence may bring in persons nobody named.
        refuse_beyond(connection, user, touched)
        audit(
            connection,
            request,
            user,
            operation,
            case_ids=case_ids,
            person_ids=sorted({*touched, *named}),
            change_id=saved.change_id,
        )
    _publish(at, saved.change_id)
    return saved


def saved_on_wire(saved: Saved) -> dict[str, Any]:
    """What a save did."""
    return {
        "change_id": saved.change_id,
        "decisions_made": saved.decisions_made,
        "decisions_revoked": saved.decisions_revoked,
        "records_moved": saved.records_moved,
        "persons": [
            {
                "id": person_id_of(person.person_id),
                "version": person.version,
                "what": person.what,
                "record_count": person.record_count,
                "gained": person.gained,
                "lost": person.lost,
                "other_person_id": person.other_person_id and person_id_of(person.other_person_id),
            }
            for person in saved.persons
        ],
        "cases_opened": [id_of(CASE, case_id) for case_id in saved.cases_opened],
        "cases_closed": [id_of(CASE, case_id) for case_id in saved.cases_closed],
    }


def _publish(at: Runtime, change_id: int) -> None:
    try:
        with at.connection() as connection:
            done = publish_at_once(connection, _Exports(at), patience=_PUBLICATION_MILLISECONDS)
    except EmpiError as error:
        _LOG.warning("change %d is saved, but not published: %s", change_id, error)
        return
    if done.remark:
        _LOG.warning("change %d is saved, but %s", change_id, done.remark)
    if done.published is None:
        _publish_later(at)


def _publish_later(at: Runtime) -> None:
    """Publish when the publication under way is done: it may have begun before what was saved now.

    One waits at a time: whoever publishes, publishes everything. Should the server end before, the next save or batch
    makes up for it.
    """
    waiting = threading.Timer(_LATER_SECONDS, _published_later, [at])
    if at.kept.setdefault(_WAITING, waiting) is waiting:
        waiting.daemon = True
        waiting.start()


def _published_later(at: Runtime) -> None:
    del at.kept[_WAITING]  # Before it begins: what is saved from now on may not be seen by it.
    try:
        with at.connection() as connection:
            done = publish_at_once(connection, _Exports(at))
    except EmpiError as error:
        _LOG.warning("saved changes are not published yet: %s", error)
        return
    if done.published is None:
        _publish_later(at)
    elif done.remark:
        _LOG.warning("changes are saved, but %s", done.remark)


class _Exports:
    """The bucket; opened when there is something to write."""

    def __init__(self, at: Runtime) -> None:
        self._at = at

    def put(self, key: str, body: BinaryIO) -> None:
        self._at.object_store(None).put(key, body)
