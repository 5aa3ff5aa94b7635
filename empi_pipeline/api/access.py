"""Who asks, and what he may: roles, and the data sources one is limited to."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from empi_pipeline.api.errors import ApiError, forbidden
from empi_pipeline.api.runtime import Runtime, runtime
from empi_pipeline.api.tokens import Claims, claims_of
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

VIEWER: Final = "viewer"
STEWARD: Final = "steward"
ADMIN: Final = "admin"
ROLES: Final = (VIEWER, STEWARD, ADMIN)
"""In ascending order, each may what those before it may: read; decide, load and export; rule models and users."""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks.

    Attributes:
        user_id: Number in `access.users`; None of the local user.
        name: By which the ledger and the audit know him: the verified email, or the subject.
        role: One of `ROLES`, or None: may do nothing.
        data_sources: The only ones whose records he sees; None for all.
    """

    user_id: int | None
    name: str
    role: str | None
    data_sources: frozenset[str] | None = None

    def may(self, role: str) -> bool:
        """Whether his role is this one or a higher one."""
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)

    def sees(self, data_source: str) -> bool:
        """Whether he may see records of this data source."""
        return self.data_sources is None or data_source in self.data_sources

    @property
    def scope(self) -> list[str] | None:
        """The data sources as a parameter of a query; None for all."""
        return None if self.data_sources is None else sorted(self.data_sources)


def current_user(request: Request) -> User:
    """Who asks, whatever he may; looked up once a request.

    Raises:
        ApiError: 401, the token is missing or does not hold.
    """
    known: User | None = getattr(request.state, "user", None)
    if known is None:
        known = _authenticate(request, runtime(request))
        request.state.user = known
    return known


class Requires:
    """A dependency: the user, if his role suffices."""

    def __init__(self, role: str) -> None:
        self.role = role

    def __call__(self, request: Request) -> User:
        """Who asks.

        Raises:
            ApiError: 401, unknown; 403, not allowed.
        """
        user = current_user(request)
        if not user.may(self.role):
            raise forbidden()
        return user


Viewer = Annotated[User, Depends(Requires(VIEWER))]
Steward = Annotated[User, Depends(Requires(STEWARD))]
Admin = Annotated[User, Depends(Requires(ADMIN))]


class GuardedRoute(APIRoute):
    """A route that settles who asks and whether he may before it reads a byte of the body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the guard before it."""
        from fastapi.concurrency import run_in_threadpool

        handle = super().get_route_handler()
        guards = [each.call for each in self.dependant.dependencies if isinstance(each.call, Requires)]
        takes_json = self.body_field is not None

        async def guarded(request: Request) -> Response:
            for guard in guards:
                await run_in_threadpool(guard, request)
            kind = request.headers.get("content-type", "")
            if takes_json and kind.partition(";")[0].strip().lower() != "application/json":
                raise ApiError(415, f'Unsupported media type "{kind[:100]}" in request.', "media_type")
            return await handle(request)

        return guarded


def _authenticate(request: Request, at: Runtime) -> User:
    if at.keys is None:
        return User(None, at.local_user, ADMIN)
    claims = claims_of(_token(request, at), at.settings.api, at.keys)
    with at.pool.connection() as connection:
        return _known(connection, claims, at.settings.api.first_admin)


def _token(request: Request, at: Runtime) -> str | None:
    header = at.settings.api.header
    value = request.headers.get(header)
    if value is None or header.lower() != "authorization":
        return value
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _known(connection: Connection, claims: Claims, first_admin: str | None) -> User:
    row = connection.execute(
        load("api/user_signed_in"),
        {"issuer": claims.issuer, "subject": claims.subject, "email": claims.email, "name": claims.name},
    ).fetchone()
    assert row is not None
    user_id, role, data_sources = row
    named = claims.subject == first_admin or (claims.email_verified and claims.email == first_admin)
    if role is None and first_admin and named:
        connection.execute("lock table access.users in share row exclusive mode")
        promoted = connection.execute(load("api/first_admin"), {"user_id": user_id}).fetchone()
        role = promoted[0] if promoted else None
    return User(user_id, _name(claims), role, None if data_sources is None else frozenset(data_sources))


def _name(claims: Claims) -> str:
    """By which the ledger knows him. An address that the issuer has not verified could be anybody's."""
    if not claims.email:
        return claims.subject
    return claims.email if claims.email_verified else f"{claims.subject} ({claims.email}, not verified)"
