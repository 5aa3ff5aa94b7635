"""S3 addresses in requests: checked before anything is asked of S3."""

import re
from typing import BinaryIO, Final

from empi_pipeline.api.errors import ApiError, invalid
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.intake.arrivals import ListedObject

_ADDRESS: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\x00-\x1f]{1,1024})", re.IGNORECASE)


def address_of(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`.

    Raises:
        ApiError: 400 `Invalid S3 URI`.
    """
    found = _ADDRESS.fullmatch(uri)
    if found is None or not found[2].strip("/"):
        raise invalid("Invalid S3 URI", "s3_uri", "invalid_s3_uri")
    return found[1], found[2]


def object_at(at: Runtime, bucket: str, key: str) -> list[ListedObject]:
    """The versions of one object.

    Raises:
        ApiError: 400, there is none.
    """
    from empi_pipeline.intake.object_store import ObjectStoreError

    try:
        listing = at.object_store(bucket).list(key)
    except ObjectStoreError as error:
        told = "The specified bucket does not exist" if "there is no bucket" in str(error) else str(error)
        raise invalid(told, code="s3") from None
    found = [each for each in listing if each.key == key]
    if not found:
        raise ApiError(400, "Validation failed", "s3", [{"message": f"{bucket}/{key}"}])
    return found


def put_object(at: Runtime, bucket: str, key: str, body: BinaryIO) -> None:
    """Write one object; the bucket must exist.

    Raises:
        ObjectStoreError: Not written.
    """
    at.object_store(bucket).put(key, body)
