"""Ends connections whose request does not come: uvicorn itself waits for ever for the head of a request."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


def impatient(seconds: float) -> type[asyncio.Protocol]:
    """The HTTP protocol of a server that gives a client so many seconds for each head of a request."""

    class Impatient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """A connection on which a request must begin, and its head be whole, in time."""

        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if not self._is_waiting():
                self._stop()
            elif self._waiting is None:
                self._waiting = self.loop.call_later(seconds, self._give_up)

        def _is_waiting(self) -> bool:
            """Whether no request is under way."""
            return self.cycle is None or self.cycle.response_complete

        def _stop(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _give_up(self) -> None:
            self._waiting = None
            if self._is_waiting() and not self.transport.is_closing():
                self.transport.close()

    return Impatient
