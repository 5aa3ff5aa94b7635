"""Users and their roles. Who signs in for the first time is known from then on, and may do nothing yet."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from empi_pipeline.api.access import ADMIN, STEWARD, Admin, GuardedRoute, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import ApiError, invalid, not_found
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import USER, Body, Text, id_of, moment, number_of
from empi_pipeline.sql import load

router = APIRouter(tags=["users"], route_class=GuardedRoute)

MEMBER: Final = "member"
"""What the reference system calls a steward."""
_LARGEST_USER: Final = 2**31 - 1


class Change(Body):
    """A user's role, and the data sources he is limited to."""

    role: Literal["viewer", "member", "steward", "admin"] | None
    data_sources: Annotated[list[Text], Field(max_length=10_000)] | None = None
    """The only ones whose records he sees; null: all. Left as they are when not given."""


@router.get("/users")
def list_users(at: AtRuntime, _user: Admin) -> dict[str, Any]:
    """Everybody who ever signed in."""
    with at.connection() as connection:
        rows = connection.execute(load("api/users")).fetchall()
    return {
        "users": [
            {
                "id": id_of(USER, user_id),
                "email": email,
                "role": MEMBER if role == STEWARD else role,
                "name": name,
                "data_sources": data_sources,
                "first_seen": moment(first_seen),
                "last_seen": moment(last_seen),
            }
            for user_id, email, name, role, data_sources, first_seen, last_seen in rows
        ]
    }


@router.get("/users/me")
def read_oneself(user: Viewer) -> dict[str, Any]:
    """Who one is and what one may."""
    return {
        "user": {
            "id": None if user.user_id is None else id_of(USER, user.user_id),
            "name": user.name,
            "role": MEMBER if user.role == STEWARD else user.role,
            "data_sources": user.scope,
        }
    }


@router.post("/users/{user_id}")
def change_user(request: Request, at: AtRuntime, user: Admin, user_id: str, asked: Change) -> dict[str, Any]:
    """Give a user a role. The last admin stays one."""
    number = number_of(user_id, USER, "User", "user_id")
    if number > _LARGEST_USER:
        raise not_found()
    role = STEWARD if asked.role == MEMBER else asked.role
    limited = "data_sources" in asked.model_fields_set
    if role == ADMIN and limited and asked.data_sources is not None:
        raise invalid("An admin sees all data sources", "data_sources")
    with at.connection() as connection:
        connection.execute("lock table access.users in share row exclusive mode")
        admins = {admin for (admin,) in connection.execute(load("api/admins"))}
        if admins == {number} and role != ADMIN:
            raise ApiError(409, "The last admin must stay one: make somebody else admin first", "last_admin")
        values = {
            "user_id": number,
            "role": role,
            # Admins are not limited: whoever becomes one sees everything.
            "change_sources": limited or role == ADMIN,
            "data_sources": None if role == ADMIN else asked.data_sources,
        }
        if connection.execute(load("api/user_change"), values).fetchone() is None:
            raise not_found()
        detail = {"user_id": number, "role": role, "data_sources": asked.data_sources if limited else "unchanged"}
        audit(connection, request, user, "user.change", detail=detail)
    return {"user": {"id": user_id}}
