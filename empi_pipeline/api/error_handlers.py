"""Answers in the shape of the API whatever is raised."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from empi_pipeline.api.errors import ApiError, is_api, not_found, of_domain
from empi_pipeline.api.messages import details_of
from empi_pipeline.errors import EmpiError


def add_to(app: FastAPI) -> None:
    """Answer in the shape of the API whatever is raised."""

    def api_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return error.response()

    def domain_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, EmpiError)
        return of_domain(error).response()

    def validation_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return details_of(error).response()

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not is_api(request):
            return PlainTextResponse(f"{error.status_code} {error.detail}\n", error.status_code, headers=error.headers)
        if error.status_code == 405:
            return ApiError(405, f'Method "{request.method}" not allowed.', "method", headers=error.headers).response()
        if error.status_code == 404:
            return not_found().response()
        return ApiError(error.status_code, str(error.detail), "http", headers=error.headers).response()

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(EmpiError, domain_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(HTTPException, http_error)
