"""Builds the server: the API, the stewards' page beside it, and what holds for every request."""

import getpass
import importlib.util
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from empi_pipeline import __version__
from empi_pipeline.addresses import dagster_link
from empi_pipeline.api import (
    acts,
    audit_log,
    cases,
    configs,
    docs,
    error_handlers,
    explanations,
    exports,
    health,
    imports,
    jobs,
    matches,
    metrics,
    past,
    persons,
    sources,
    users,
)
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.api.protection import protect
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.postgres.pool import Pool
from empi_pipeline.servers import POSTGRES_URL, S3_BUCKET, S3_ENDPOINT_URL
from empi_pipeline.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from empi_pipeline.intake.object_store import ObjectStore

PREFIX: Final = "/api/v1"
# The order matters where a fixed path could be taken for an id: /persons/merge before /persons/{person_id}.
_ROUTERS: Final = (
    *(health.router, sources.router, cases.router, matches.router, acts.router, persons.router, past.router),
    *(explanations.router, configs.router, imports.router, exports.router, jobs.router, users.router),
    audit_log.router,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server on the index and bucket that the environment names (`EMPI_POSTGRES_URL`, `EMPI_S3_BUCKET`, ...).

    Args:
        settings: The settings; every default when None, not what `empi.yaml` says.

    Raises:
        ConfigurationError: `EMPI_DAGSTER_URL` is set and no address.
    """
    dagster_link("/")  # Now rather than when somebody opens a page with a link to it.
    settings = settings or Settings()
    at = Runtime(
        settings=settings,
        pool=Pool(os.environ[POSTGRES_URL], size=settings.api.connections, name="empi api"),
        keys=Keys(settings.api) if settings.api.issuer else None,
        local_user=local_user(),
        object_store=_object_store,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with at.pool:
            yield

    app = FastAPI(
        title="EMPI",
        summary="Master patient index: persons, review cases, decisions, crosswalk",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        # The documentation FastAPI brings loads scripts of third parties.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.runtime = at
    error_handlers.add_to(app)
    protect(app, settings.api)
    app.state.request_counts = metrics.RequestCounts()
    metrics.add_to(app)
    docs.add_to(app, PREFIX)
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    if importlib.util.find_spec("empi_pipeline.stewardship"):
        importlib.import_module("empi_pipeline.stewardship").add_to(app)
    return app


def local_user() -> str:
    """Whose name decisions get where nobody signs in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # A container whose user has no name.
        return "local"


def _object_store(bucket: str | None = None) -> "ObjectStore":
    from empi_pipeline.intake.object_store import ObjectStore

    client = _s3_client(os.environ.get(S3_ENDPOINT_URL) or None, os.environ.get("AWS_ACCESS_KEY_ID"))
    return ObjectStore(client, bucket or os.environ[S3_BUCKET])


@lru_cache(maxsize=1)
def _s3_client(endpoint_url: str | None, _access_key: str | None) -> "S3Client":
    """Kept between requests, for one takes longer to make than a save takes; safe for many threads."""
    from empi_pipeline.intake.object_store import s3_client

    return s3_client(endpoint_url)
