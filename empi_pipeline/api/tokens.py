"""Checks OpenID Connect tokens: signature by the issuer's current keys, expiry, audience, issuer."""

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from empi_pipeline.api.errors import ApiError
from empi_pipeline.settings import ApiSettings

_LOG: Final = logging.getLogger(__name__)
_LARGEST_DOCUMENT: Final = 1_000_000
_RETRY_SECONDS: Final = 10.0
"""An unknown key makes the keys be fetched again, but not oftener: a stranger must not turn us against the issuer."""
_STALE_SECONDS: Final = 3_600.0
"""How long keys are trusted beyond their time while the issuer does not answer."""
_LARGEST_TOKEN: Final = 16_000

Fetch = Callable[[str, float], Mapping[str, Any]]


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


def fetch_json(url: str, timeout_seconds: float) -> Mapping[str, Any]:
    """A JSON document of the issuer's.

    Raises:
        OSError: It cannot be had in time.
        ValueError: It is none.
    """
    with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310  The settings allow https only.
        document = json.loads(response.read(_LARGEST_DOCUMENT))
    if not isinstance(document, dict):
        raise TypeError("not a JSON object")
    return document


class Keys:
    """The issuer's public keys, fetched when needed and kept for a while."""

    def __init__(self, settings: ApiSettings, fetch: Fetch = fetch_json) -> None:
        self._settings = settings
        self._fetch = fetch
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -_STALE_SECONDS
        self._asked = -_RETRY_SECONDS

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this id.

        Raises:
            ApiError: 503, the issuer does not answer and the keys there are have become too old.
        """
        with self._lock:
            age = time.monotonic() - self._fetched
            expired = age > self._settings.keys_seconds
            may_ask = time.monotonic() - self._asked >= _RETRY_SECONDS
            if (expired or key_id not in self._keys) and may_ask:
                self._refresh()
                age = time.monotonic() - self._fetched
            if age > self._settings.keys_seconds + _STALE_SECONDS:
                raise ApiError(503, "The identity provider does not answer; try again", "issuer")
            return self._keys.get(key_id)

    def _refresh(self) -> None:
        self._asked = time.monotonic()
        timeout = self._settings.issuer_timeout_seconds
        try:
            address = self._settings.jwks_url
            if address is None:
                issuer = str(self._settings.issuer).rstrip("/")
                address = str(self._fetch(f"{issuer}/.well-known/openid-configuration", timeout)["jwks_uri"])
                if not address.startswith(("https://", "http://localhost", "http://127.0.0.1")):
                    raise ValueError("jwks_uri must be https")
            documents = self._fetch(address, timeout)["keys"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            _LOG.warning("the keys of the token issuer cannot be fetched: %s", type(error).__name__)
            return
        keys = {}
        for document in documents:
            try:
                if document.get("use", "sig") == "sig" and document.get("kid"):
                    keys[str(document["kid"])] = jwt.PyJWK(document)
            except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
                continue  # A kind of key that is not known here; others may serve.
        self._keys, self._fetched = keys, self._asked


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
        key = keys.key(header["kid"])
        if key is None or key.key_type == "oct" or (key.algorithm_name or header["alg"]) != header["alg"]:
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
