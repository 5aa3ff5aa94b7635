"""Checks OpenID Connect tokens: signature by the issuer's current keys, expiry, audience, issuer."""

from dataclasses import dataclass
from typing import Any, Final

import jwt

from empi_pipeline.api.errors import ApiError
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.settings import ApiSettings

_LARGEST_TOKEN: Final = 16_000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked token says of its user."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


def unauthenticated(message: str, code: str) -> ApiError:
    """401."""
    return ApiError(401, message, code, headers={"WWW-Authenticate": "Bearer"})


def claims_of(token: str | None, settings: ApiSettings, keys: Keys) -> Claims:
    """What a token says, if it holds.

    Args:
        token: As it stands in the header, without the word Bearer.
        settings: Issuer, audience, algorithms.
        keys: The issuer's.

    Raises:
        ApiError: 401, there is none or it does not hold; 403, it is for another client; 503, the issuer is away.
    """
    if not token:
        raise unauthenticated("Missing JWT", "missing_token")
    wrong = unauthenticated("Invalid JWT", "invalid_token")
    if len(token) > _LARGEST_TOKEN:
        raise wrong
    try:
        header = jwt.get_unverified_header(token)
        # The algorithm is the one the settings allow and the key is made for, never the token's own choice.
        if header.get("alg") not in settings.algorithms or not isinstance(header.get("kid"), str):
            raise wrong
        key = keys.key(header["kid"], header["alg"])
        if key is None:
            raise wrong
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[header["alg"]],
            audience=list(settings.audience) or None,
            issuer=settings.issuer,
            leeway=settings.leeway_seconds,
            options={"require": ["exp", "iss", "sub"], "verify_aud": bool(settings.audience)},
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise wrong from None
    if settings.client_id is not None and (
        claims.get("client_id", settings.client_id if settings.audience else None) != settings.client_id
    ):
        raise ApiError(403, "You do not have permission to perform this action.", "other_client")
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise wrong
    return Claims(
        issuer=str(claims["iss"]),
        subject=claims["sub"],
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") in {True, "true"},
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
    )
