"""What nobody may touch whose data sources or role do not reach so far; the API and the page ask here alike."""

from collections.abc import Iterable
from typing import Final

from empi_pipeline.api.access import ADMIN, User
from empi_pipeline.api.errors import ApiError, forbidden, not_found
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_LARGEST: Final = 2**63
_AUTOMATIC: Final = frozenset({"batch", "rematch"})


def refuse_beyond(connection: Connection, user: User, person_ids: Iterable[str]) -> None:
    """Refuse to act on persons with records one may not see.

    Raises:
        ApiError: 403.
    """
    if user.scope is None:
        return
    rows = connection.execute(load("api/sources_of_persons"), {"person_ids": list(person_ids)}).fetchall()
    if any(not user.sees(source) for (source,) in rows):
        raise _beyond("This touches records of data sources you may not see; somebody who may must decide.")


def refuse_change_beyond(connection: Connection, user: User, change_id: int) -> None:
    """Refuse to tell of a change that moved or decided about records one may not see: its note may quote them.

    Raises:
        ApiError: 403.
    """
    if user.scope is None:
        return
    values = {"change_id": change_id, "scope": user.scope}
    if connection.execute(load("api/change_reaches_beyond"), values).fetchone() == (True,):
        raise _beyond("This is about records of data sources you may not see.")


def refuse_undo(connection: Connection, user: User, change_id: int, person_id: str | None) -> None:
    """Refuse to let anybody but admins take back all that a batch or a rematch did to hundreds of persons.

    Raises:
        ApiError: 403; 404, there is no such change.
    """
    row = None
    if 0 < change_id < _LARGEST:
        row = connection.execute("select kind from identity.changes where change_id = %s", [change_id]).fetchone()
    if row is None:
        raise not_found()
    if row[0] in _AUTOMATIC and person_id is None and not user.may(ADMIN):
        raise forbidden()


def refuse_limited(user: User) -> None:
    """Refuse what works on whole files or batches, whatever sources their rows are of.

    Raises:
        ApiError: 403.
    """
    if user.scope is not None:
        raise _beyond("This works on rows of any data source, and you are limited to some.")


def _beyond(told: str) -> ApiError:
    return ApiError(403, f"{told} Nothing was saved.", "beyond_data_sources")
