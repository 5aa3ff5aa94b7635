"""What holds for every request: hosts answered to, other sites kept out, sizes and times limited, nothing cached."""

import asyncio
import logging
import time
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from empi_pipeline.api.errors import ApiError, bug
from empi_pipeline.settings import ApiSettings

_LOG: Final = logging.getLogger("empi_pipeline.api.access")
UPLOADS: Final = frozenset({"/api/v1/person-records/import"})
_CLOSE: Final = {"Connection": "close"}
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer that does not say otherwise itself."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class _Body:
    """The body of a request as it arrives, cut off when it is too large or too slow."""

    def __init__(self, receive: Receive, most: int, seconds: float, *, restart: bool) -> None:
        """Watch a body.

        Args:
            receive: Where it comes from.
            most: Bytes.
            seconds: For all of it or, with `restart`, for each piece: uploads may take their time.
            restart: Whether the time starts anew with each piece.
        """
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._restart = restart
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._seen = 0
        self._done = False
        self.refusal: ApiError | None = None

    async def receive(self) -> Message:
        """The next piece; `http.disconnect` in its place once the body is refused."""
        if self._done:
            return await self._receive()
        left = self._seconds if self._restart else self._deadline - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.01))
        except TimeoutError:
            self.refusal = ApiError(408, "The request took too long to arrive", "slow", headers=_CLOSE)
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._done = not message.get("more_body", False)
            if self._seen > self._most:
                self.refusal = _too_large(self._most)
                return {"type": "http.disconnect"}
        return message


class _Answer:
    """The answer on its way out: with headers that hold for all, or another one if the request was refused."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, body: _Body, seconds: float) -> None:
        """Send an answer.

        Args:
            scope: Of the request.
            receive: Where its body comes from.
            send: Where the answer goes.
            body: The body, which may be refused while the answer is made.
            seconds: How long the client may take to accept a piece.
        """
        self._seconds = seconds
        self._scope = scope
        self._receive = receive
        self._send = send
        self._body = body
        self._replaced = False
        self.is_cut_off = False
        self.started = False
        self.status = 500

    async def send(self, message: Message) -> None:
        """Send one message of the answer."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self.started = True
            self.status = int(message["status"])
            if self._body.refusal is not None:
                self._replaced = True
                self.status = self._body.refusal.status
                await self._body.refusal.response()(self._scope, self._receive, self._send)
                return
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(message)
        except TimeoutError:
            self.is_cut_off = True
            raise


class Protection:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings
        self._hosts = None if settings.issuer else frozenset(settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal.response()(scope, receive, send)
            return
        upload = scope["path"] in UPLOADS and headers.get("content-type", "").startswith("multipart/form-data")
        most = self._settings.upload_bytes if upload else self._settings.body_bytes
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > most:
            await _too_large(most).response()(scope, receive, send)
            return
        begun = time.perf_counter()
        body = _Body(receive, most, self._settings.body_seconds, restart=upload)
        answer = _Answer(scope, receive, send, body, self._settings.answer_seconds)
        try:
            await self._app(scope, body.receive, answer.send)
        except Exception as error:
            # Nothing may reach the server's own handler: it logs the text, which may quote values of records.
            if answer.is_cut_off:
                _LOG.warning("%s %s: the client does not read; cut off", scope["method"], scope["path"])
                return
            if answer.started:
                bug(error)
                raise ConnectionResetError("cut short") from None
            await bug(error).response()(scope, receive, answer.send)
        finally:
            self._note(scope, answer.status, time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count the request, and log it without its query: what was searched for is nobody's business."""
        pattern = "unknown"
        if "route" in scope:
            pattern = scope["path"]
            for name, value in scope.get("path_params", {}).items():
                pattern = pattern.replace(str(value), f"{{{name}}}", 1)
        scope["app"].state.request_counts.note(scope["method"], pattern, status, seconds)
        _LOG.info("%s %s %d %.0f ms", scope["method"], scope["path"], status, seconds * 1000)

    def _refusal(self, scope: Scope, headers: Headers) -> ApiError | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            # DNS rebinding: a page of another site that made its name point here.
            return ApiError(421, "This server answers on loopback names only", "host")
        if scope["method"] in _SAFE:
            return None
        origin = headers.get("origin")
        if headers.get("sec-fetch-site") in {"cross-site", "same-site"} or (
            origin is not None and urlsplit(origin).netloc != host
        ):
            return ApiError(403, "Requests from pages of other sites are refused", "cross_site")
        return None


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The request is larger than {most:,} bytes", "too_large", headers=_CLOSE)


def _name(host: str) -> str:
    """The name without the port."""
    return host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host


def protect(app: FastAPI, settings: ApiSettings) -> None:
    """Put the protection around an application."""
    app.add_middleware(Protection, settings=settings)
