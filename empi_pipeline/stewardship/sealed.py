"""What was searched for, sealed so that it can stand in an address: names must not be read in logs and histories."""

import json
import zlib
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

_DAY: Final = 24 * 60 * 60
_LONGEST: Final = 4_000


class Seal:
    """Seals small dictionaries into text that fits an address, and opens them for a day.

    Args:
        key: 32 bytes in url-safe base64; a fresh one when None, so that addresses end with the process.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._fernet = Fernet(key or Fernet.generate_key())

    def close(self, values: dict[str, Any]) -> str:
        """The text for an address; empty when there is nothing to say."""
        if not values:
            return ""
        return self._fernet.encrypt(zlib.compress(json.dumps(values, sort_keys=True).encode())).decode()

    def open(self, text: str | None) -> dict[str, Any] | None:
        """What was sealed; nothing for empty text, None where it was not sealed here or longer than a day ago."""
        if not text:
            return {}
        if len(text) > _LONGEST:
            return None
        try:
            return dict(json.loads(zlib.decompress(self._fernet.decrypt(text.encode(), ttl=_DAY))))
        except (InvalidToken, UnicodeEncodeError, zlib.error, ValueError):
            return None
