"""`POST /person-records/import`: takes in a file, uploaded or in S3, as a batch of its own."""

import codecs
import json
import secrets
from datetime import UTC, datetime
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from empi_pipeline.api.access import ADMIN, GuardedRoute, Steward, User
from empi_pipeline.api.audit import audit
from empi_pipeline.api.configs import known_models, make_active
from empi_pipeline.api.errors import ApiError, forbidden, invalid
from empi_pipeline.api.limits import refuse_limited
from empi_pipeline.api.objects import address_of, object_at
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.api.wire import CONFIG, JOB, Body, Text, id_of, number_in
from empi_pipeline.errors import NotFoundError
from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import ListedObject
from empi_pipeline.intake.formats import is_data_name
from empi_pipeline.linkage import registry
from empi_pipeline.postgres import Connection
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.settings import INBOX_PREFIX
from empi_pipeline.sql import load

router = APIRouter(tags=["jobs"], route_class=GuardedRoute)

_HEADER_BYTES: Final = 64_000
_SHOWN_HEADER: Final = 500
_LARGEST_MODEL: Final = 2**31 - 1
_EXPECTED: Final = ",".join(PERSON_RECORD_COLUMNS)
_INVALID_CONFIG: Final = "Invalid Config ID"


class Import(Body):
    """What to take in, and the config that scores it."""

    config_id: Text
    s3_uri: Text | None = None
    data_source: Text | None = None
    """Whose file it is: its layout in `empi.yaml` applies, whatever the columns are called."""
    columns: Literal["standard", "any"] = "standard"
    """`standard`: a CSV file must have the fifteen columns in their order. `any`: the columns it has are taken."""


_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Import.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["config_id", "file"],
                    "properties": {
                        "config_id": {"type": "string"},
                        "file": {"type": "string", "format": "binary"},
                        "data_source": {"type": "string"},
                        "columns": {"enum": ["standard", "any"]},
                    },
                }
            },
        },
    }
}


@router.post("/person-records/import", openapi_extra=_BODY)
async def import_person_records(request: Request, at: AtRuntime, user: Steward) -> dict[str, Any]:
    """Take in a file as a batch, and return its job at once; `GET /jobs/{job_id}` tells how it goes.

    JSON with `s3_uri`, or a form with `file`. A row that cannot be accepted is set aside with its reason, and the
    others go on. The config must be the active one, or an admin asks; then it is made the active one.
    """
    refuse_limited(user)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return await run_in_threadpool(_from_s3, request, at, user, _parsed(await request.body()))
    if kind != "multipart/form-data":
        raise ApiError(415, f'Unsupported media type "{kind[:100]}" in request.', "media_type")
    async with request.form(max_files=1, max_fields=10) as form:
        fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        file = form.get("file")
        asked = _validated(fields)
        if asked.s3_uri is not None and isinstance(file, UploadFile):
            raise invalid("Provide only one of 's3_uri' or 'file', not both.")
        if isinstance(file, UploadFile):
            return await run_in_threadpool(_from_upload, request, at, user, asked, file)
        return await run_in_threadpool(_from_s3, request, at, user, asked)


def _parsed(body: bytes) -> Import:
    try:
        return _validated(json.loads(body))
    except (ValueError, RecursionError) as error:
        told = error if isinstance(error, json.JSONDecodeError) else "not JSON"
        raise ApiError(400, f"JSON parse error - {told}", "json") from None


def _validated(fields: Any) -> Import:
    try:
        return Import.model_validate(fields)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors(include_url=False)]
        raise RequestValidationError(problems) from None


def _from_s3(request: Request, at: Runtime, user: User, asked: Import) -> dict[str, Any]:
    _use_config(request, at, user, asked.config_id)
    if asked.s3_uri is None:
        raise invalid("Must provide either 's3_uri' or 'file'.")
    bucket, key = address_of(asked.s3_uri)
    objects = object_at(at, bucket, key)
    if _must_be_standard(asked, key):
        newest = max(objects, key=lambda each: each.last_modified)
        with at.object_store(bucket).open(bucket, key, newest.version) as stream:
            _check_header(stream.read(_HEADER_BYTES))
    return _job(request, at, user, objects)


def _from_upload(request: Request, at: Runtime, user: User, asked: Import, file: UploadFile) -> dict[str, Any]:
    _use_config(request, at, user, asked.config_id)
    name = file.filename or ""
    suffix = name[name.index(".") :].lower() if is_data_name(name) and "." in name else ".csv"
    beginning = file.file.read(_HEADER_BYTES)
    if not beginning:
        raise invalid("The submitted file is empty.", "file")
    if _must_be_standard(asked, f"x{suffix}"):
        _check_header(beginning)
    file.file.seek(0)
    # Its own name is left out: people write names into the names of files, and keys are logged.
    folder = (
        f"{INBOX_PREFIX}{_prefix(at, asked.data_source)}api-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(8)}/"
    )
    store = at.object_store(None)
    store.put(f"{folder}upload{suffix}", file.file)
    return _job(request, at, user, store.list(folder))


def _job(request: Request, at: Runtime, user: User, objects: "list[ListedObject] | Any") -> dict[str, Any]:
    columns = {
        "buckets": [each.bucket for each in objects],
        "keys": [each.key for each in objects],
        "versions": [each.version for each in objects],
    }
    with at.connection() as connection:
        # None: the sensor was faster, or it was delivered before; then it has its batch.
        ledger.form_batch(connection, list(objects))
        rows = connection.execute(load("cli/batches_of_objects"), columns).fetchall()
        batch_no = batch_number(connection, rows[-1][0])
        audit(connection, request, user, "import", detail={"job": batch_no})
    return {"job_id": id_of(JOB, batch_no)}


def batch_number(connection: Connection, batch_id: str) -> int:
    """The number of a batch, which is that of its job."""
    row = connection.execute("select batch_no from intake.batches where batch_id = %s", [batch_id]).fetchone()
    assert row is not None
    return int(row[0])


def _use_config(request: Request, at: Runtime, user: User, config_id: str) -> None:
    """Make sure that the config scores what comes.

    Raises:
        ApiError: 400, there is none; 403, another one is active, and only an admin may change that.
    """
    number = number_in(config_id, CONFIG)
    if number is None or number > _LARGEST_MODEL:
        raise invalid(_INVALID_CONFIG, "config_id", "invalid_id")
    with at.connection() as connection:
        known_models(connection)
        try:
            registered = registry.get(connection, number)
        except NotFoundError:
            raise invalid(_INVALID_CONFIG, "config_id", "not_found") from None
        is_empty = connection.execute("select not exists (select from raw.person_records)").fetchone() == (True,)
    if registered.is_active:
        return
    if not (user.may(ADMIN) or is_empty):
        raise ApiError(403, forbidden().message, "config_not_active", [
            {"field": "config_id", "message": "Another config is active; an admin can activate this one"}
        ])  # fmt: skip
    make_active(at, request, user, registered)


def _prefix(at: Runtime, data_source: str | None) -> str:
    if data_source is None:
        return ""
    source = at.settings.data_sources.get(data_source)
    if source is None or not source.prefix:
        raise invalid("The settings give this data source no prefix", "data_source")
    return source.prefix.rstrip("/") + "/"


def _must_be_standard(asked: Import, name: str) -> bool:
    return asked.columns == "standard" and asked.data_source is None and name.lower().endswith(".csv")


def _check_header(beginning: bytes) -> None:
    """Refuse a CSV file without the standard header.

    Raises:
        ApiError: 400.
    """
    line = beginning.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace")
    if line.replace('"', "") != _EXPECTED:
        raise invalid(
            "Incorrectly formatted person records file due to invalid header."
            f" Expected header: '{_EXPECTED}' Actual header: '{line[:_SHOWN_HEADER]}'"
        )
