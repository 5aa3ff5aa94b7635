"""The token issuer's public keys: found by discovery, fetched when needed, kept while the issuer is away."""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, Final

import jwt

from empi_pipeline.api.errors import ApiError
from empi_pipeline.settings import ApiSettings, is_https_or_loopback

_LOG: Final = logging.getLogger(__name__)
_LARGEST_DOCUMENT: Final = 1_000_000
_PIECE: Final = 64_000
_RETRY_SECONDS: Final = 10.0
"""An unknown key makes the keys be fetched again, but not oftener: a stranger must not turn us against the issuer."""
_STALE_SECONDS: Final = 3_600.0
"""How long keys are trusted beyond their time while the issuer does not answer."""

Fetch = Callable[[str, float], Mapping[str, Any]]


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        if not is_https_or_loopback(newurl):
            raise ValueError("leads away from https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_OPENER: Final = urllib.request.build_opener(_SafeRedirects)


def fetch_json(url: str, timeout_seconds: float) -> Mapping[str, Any]:
    """A JSON document of the issuer's.

    Raises:
        OSError: It cannot be had in time.
        ValueError: It is none.
    """
    deadline = time.monotonic() + timeout_seconds
    text = b""
    with _OPENER.open(url, timeout=timeout_seconds) as response:
        while piece := response.read1(_PIECE):
            text += piece
            # The timeout is for each wait; an issuer that drips would hold us for hours.
            if time.monotonic() > deadline:
                raise TimeoutError
            if len(text) > _LARGEST_DOCUMENT:
                raise ValueError("too large")
    document = json.loads(text)
    if not isinstance(document, dict):
        raise TypeError("not a JSON object")
    return document


class Keys:
    """The keys. Whoever asks for a known one waits for the issuer at most once while that is away."""

    def __init__(self, settings: ApiSettings, fetch: Fetch = fetch_json) -> None:
        self._settings = settings
        self._fetch = fetch
        self._fetching = threading.Lock()
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._fetched: float | None = None
        self._asked: float | None = None
        self._is_away = False

    def key(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id, if it is one for an algorithm.

        Raises:
            ApiError: 503, the issuer does not answer and the keys there are have become too old.
        """
        if self._is_due(key_id):
            if self._is_away and key_id in self._keys and not self._is_too_old():
                if not self._fetching.locked():
                    threading.Thread(target=self._refresh_once, args=(key_id,), daemon=True).start()
            else:
                self._refresh_once(key_id)
        if self._is_too_old():
            raise ApiError(503, "The identity provider does not answer; try again", "issuer")
        document = self._keys.get(key_id)
        return None if document is None else _for_algorithm(document, algorithm)

    def _is_due(self, key_id: str) -> bool:
        """Whether the issuer is to be asked: keys are old or one is unknown, and it was not asked just now."""
        now = time.monotonic()
        if self._asked is not None and now - self._asked < _RETRY_SECONDS:
            return False
        return self._fetched is None or now - self._fetched > self._settings.keys_seconds or key_id not in self._keys

    def _is_too_old(self) -> bool:
        return self._fetched is None or time.monotonic() - self._fetched > self._settings.keys_seconds + _STALE_SECONDS

    def _refresh_once(self, key_id: str) -> None:
        """Ask the issuer, unless somebody else just did."""
        with self._fetching:
            if self._is_due(key_id):
                self._refresh()

    def _refresh(self) -> None:
        begun = time.monotonic()
        try:
            documents = self._fetch(self._address(), self._settings.issuer_timeout_seconds)["keys"]
            keys = {str(each["kid"]): each for each in documents if each.get("use", "sig") == "sig" and each.get("kid")}
        except (OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            _LOG.warning("the keys of the token issuer cannot be fetched: %s", type(error).__name__)
            self._is_away = True
        else:
            self._keys, self._fetched, self._is_away = keys, begun, False
        # Last, so that who comes meanwhile waits at the lock instead of going by what is old.
        self._asked = begun

    def _address(self) -> str:
        if self._settings.jwks_url is not None:
            return self._settings.jwks_url
        issuer = str(self._settings.issuer)
        found = self._fetch(
            f"{issuer.rstrip('/')}/.well-known/openid-configuration", self._settings.issuer_timeout_seconds
        )
        if found.get("issuer", issuer) != issuer:
            _LOG.error("`api.issuer` says %s, but the issuer there calls itself otherwise", issuer)
            raise ValueError("another issuer")
        address = str(found["jwks_uri"])
        if not is_https_or_loopback(address):
            raise ValueError("jwks_uri must be https")
        return address


def _for_algorithm(document: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    """The key of a JWKS entry; an RSA key that names no algorithm does for each of its kind."""
    try:
        free = document.get("kty") == "RSA" and "alg" not in document and algorithm[:2] in {"RS", "PS"}
        key = jwt.PyJWK(dict(document), algorithm if free else None)
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
        return None  # A kind of key that is not known here.
    return key if key.key_type != "oct" and key.algorithm_name == algorithm else None
