"""What all pages share: templates, the headers of a page, forms that only our own pages can send, errors as pages."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile

from empi_pipeline.api.access import GuardedRoute, User
from empi_pipeline.api.errors import ApiError, of_domain
from empi_pipeline.api.runtime import Runtime, runtime
from empi_pipeline.errors import EmpiError
from empi_pipeline.stewardship.sealed import Seal

_HERE: Final = Path(__file__).parent
_COOKIE: Final = "empi_form"
LOST: Final = "lost"
"""In an address: what was sent did not arrive, for its sender had to sign in first."""
_TOKEN: Final = re.compile(r"[0-9a-f]{64}")
_MOST_FIELDS: Final = 20_000
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Not no-referrer: browsers would then hide from us where a form was sent from, and it would be refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_CLOSED_REASONS: Final = {
    "decided": "decided",
    "joined": "evidence joined its persons",
    "no_longer_applies": "nothing supports it any more",
    "superseded": "superseded",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands in the way, as the page tells it: `kind` is stale, busy, contradiction or wrong."""

    kind: str
    title: str
    told: str = ""
    details: Sequence[str] = ()
    advice: str = ""
    may_overrule: bool = False

    @property
    def status(self) -> int:
        """Of HTTP; that something changed is no failure of looking at it."""
        return {"wrong": 400, "changed": 200}.get(self.kind, 409)


_NOT_ARRIVED: Final = Problem(
    "wrong", "Nothing was saved: you had to sign in first.", "What you sent did not arrive; please enter it again."
)


def render(request: Request, user: User | None, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page.

    Args:
        request: What it answers.
        user: Who asks.
        template: Name of the template.
        status: Of HTTP.
        **values: For the template.
    """
    token = request.cookies.get(_COOKIE, "")
    fresh = not _TOKEN.fullmatch(token)
    if fresh:
        token = secrets.token_hex(32)
    theme = request.cookies.get("empi_theme")
    common = {
        "csrf": token,
        "user": user or User(None, "", None),
        "theme": theme if theme in {"light", "dark"} else None,
        "section": "/" + request.url.path.split("/")[1],
        "done": None,
        "problem": None,
        "context": "",
        "sign_out_url": runtime(request).settings.api.sign_out_url,
    }
    if values.get("problem") is None and LOST in request.query_params:
        values["problem"] = _NOT_ARRIVED
    text = _ENVIRONMENT.get_template(template).render(common | values)
    response = HTMLResponse(text, status, headers=_HEADERS)
    if fresh:
        response.set_cookie(
            _COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )
    return response


def see_other(address: str) -> RedirectResponse:
    """Go on with another page: a reload then sends nothing again."""
    return RedirectResponse(address, 303)


def seal_of(at: Runtime) -> Seal:
    """Seals what is searched for, as long as this server runs."""
    found: Seal = at.kept.setdefault("stewardship.seal", Seal())
    return found


async def _form(request: Request) -> FormData:
    """The fields of a form that one of our own pages sent.

    Raises:
        ApiError: 403, it does not carry the token of this browser.
    """
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    mine, sent = request.cookies.get(_COOKIE, ""), form.get("csrf")
    if not _TOKEN.fullmatch(mine) or not isinstance(sent, str) or not hmac.compare_digest(mine, sent):
        raise ApiError(403, "This form is not from a page of this browser; go back, load the page anew.", "csrf")
    return form


Form = Annotated[FormData, Depends(_form)]


def text_of(form: FormData, name: str, longest: int = 2_000) -> str:
    """A field of a form without blanks around it; empty when it is not there."""
    value = form.get(name, "")
    return "" if isinstance(value, UploadFile) else value.strip()[:longest]


def plain_fields(form: FormData) -> dict[str, str]:
    """All fields of a form that hold text."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


class PageRoute(GuardedRoute):
    """A route for browsers: what goes wrong is told as a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with errors turned into pages."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except EmpiError as error:
                answer = of_domain(error)
                answer = ApiError(answer.status, str(error), answer.code, headers=answer.headers)
            except ApiError as error:
                answer = error
            except RequestValidationError:  # Only of numbers in a path: forms are read as text.
                answer = ApiError(404, "", "not_found")
            user = getattr(request.state, "user", None)
            page = render(request, user, "told.html", answer.status, problem=_problem_of(answer))
            page.headers.update(answer.headers)
            return page

        return told


def _problem_of(error: ApiError) -> Problem:
    if error.status == 401:
        return Problem("wrong", "Please sign in again.", "Nobody is signed in, or for too long.")
    titles = {403: "Not allowed.", 404: "Not found.", 409: "Nothing was saved."}
    title = titles.get(error.status, "That did not work.")
    told = "" if error.message == "Resource not found" else error.message
    return Problem("wrong", title, told, [each["message"] for each in error.details])


def _since(at: datetime) -> str:
    """How long ago, in the largest unit that says something; `at` is a moment of the database."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and size == 60):
            return f"{int(seconds // size)} {name}"
    return "now"


def _code(text: str) -> Markup:
    """A sentence of ours with what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in parts)


def _percent(probability: float) -> str:
    """Never rounded to certainty."""
    if probability > 0.9999:
        return ">99.99 %"
    return "<0.01 %" if probability < 0.0001 else f"{100 * probability:.{2 if probability > 0.99 else 1}f} %"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("empi_pipeline.stewardship"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    static = sorted((_HERE / "static").iterdir())
    build = hashlib.sha256(b"".join(path.read_bytes() for path in static)).hexdigest()[:12]
    environment.globals.update(root="", build=build)
    environment.filters.update(
        since=_since, percent=_percent, code=_code, words=lambda reason: _CLOSED_REASONS.get(reason, reason or "")
    )
    return environment


_ENVIRONMENT: Final = _environment()
