"""What goes wrong, as clients are told: `{"error": {"message", "code", "details"}}` and a status."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse

from empi_pipeline.errors import (
    ConfigurationError,
    ConflictError,
    EmpiError,
    InvalidModelError,
    NotFoundError,
)
from empi_pipeline.identity.errors import ContradictionError, IdentityBusyError, InvalidDecisionError
from empi_pipeline.postgres.connections import DatabaseError

_LOG: Final = logging.getLogger(__name__)

NOT_FOUND: Final = "Resource not found"
FORBIDDEN: Final = "You do not have permission to perform this action."
VALIDATION_FAILED: Final = "Validation failed"

Detail = dict[str, str]


class ApiError(Exception):
    """An answer other than what was asked for.

    Attributes:
        status: Of HTTP.
        message: For people; the reference system's wording where it has one.
        code: For machines.
        details: What is wrong with the request, each a `message` and, where one is to blame, a `field`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.code = code
        self.details = list(details)
        self.headers = dict(headers or {})
        super().__init__(message)

    def response(self) -> JSONResponse:
        """The answer."""
        error: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.details:
            error["details"] = self.details
        return JSONResponse({"error": error}, self.status, headers={"Cache-Control": "no-store", **self.headers})


def invalid(message: str, field: str | None = None, code: str = "invalid") -> ApiError:
    """400 for one thing that is wrong with the request."""
    detail = {"message": message} if field is None else {"field": field, "message": message}
    return ApiError(400, VALIDATION_FAILED, code, [detail])


def not_found() -> ApiError:
    """404; the same whether something never was or is not for this user's eyes."""
    return ApiError(404, NOT_FOUND, "not_found")


def forbidden() -> ApiError:
    """403."""
    return ApiError(403, FORBIDDEN, "forbidden")


def of_domain(error: EmpiError) -> ApiError:
    """What a function of the domain raised, as an answer; its messages name no field values."""
    if isinstance(error, InvalidModelError):
        details = [
            {"field": path, "message": reason} if path else {"message": reason} for path, reason in error.problems
        ]
        return ApiError(400, VALIDATION_FAILED, "invalid_config", details)
    for kind, status, code in (
        (NotFoundError, 404, "not_found"),
        (ContradictionError, 409, "contradiction"),
        (IdentityBusyError, 409, "busy"),
        (ConflictError, 409, "conflict"),
        (InvalidDecisionError, 400, "invalid_decision"),
        (ConfigurationError, 400, "invalid"),
    ):
        if isinstance(error, kind):
            message = NOT_FOUND if status == 404 else VALIDATION_FAILED if status == 400 else str(error)
            return ApiError(status, message, code, [{"message": str(error)}])
    if isinstance(error, DatabaseError) and (error.sqlstate or "").startswith("22"):
        # A value that no column can hold, which nobody thought of: the caller's to mend, not to try again.
        _LOG.error("%s", error)
        return ApiError(400, VALIDATION_FAILED, "invalid", [{"message": "A value is of no kind that can be stored"}])
    if isinstance(error, DatabaseError):
        _LOG.error("%s", error)  # Names objects of the database, never values.
        return ApiError(503, "The database does not answer; try again", "database", headers={"Retry-After": "5"})
    _LOG.error("%s: %s", type(error).__name__, error)
    return ApiError(500, str(error), "failed")


def bug(error: Exception) -> ApiError:
    """500 for what nobody expected. Its text may quote values of records: only its type and place are logged."""
    number = uuid.uuid4()
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"
    _LOG.error("internal error %s: %s at %s", number, type(error).__name__, place)
    return ApiError(500, f"Unexpected internal error - id={number}", "internal")


def is_api(request: Request) -> bool:
    """Whether a client of the API asks, not a browser for a page."""
    return request.url.path.startswith("/api/")
