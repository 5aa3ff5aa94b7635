"""The bucket of inbox and exports: a thin layer over boto3 that speaks of objects and of what to do about errors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import botocore.exceptions
import botocore.session
import botocore.utils
from boto3.exceptions import S3UploadFailedError

from empi_pipeline.errors import EmpiError, UnreadableObjectError
from empi_pipeline.intake.arrivals import ListedObject
from empi_pipeline.intake.formats import ByteStream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DENIED: Final = {"AccessDenied", "AllAccessDisabled", "403", "Forbidden"}
_WRONG_CREDENTIALS: Final = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
}
_NO_VERSIONS: Final = {"NotImplemented", "MethodNotAllowed", "405", "501", *_DENIED}
"""How stores without versioning, or accounts that may not ask, answer the question whether there are versions."""


class ObjectStoreError(EmpiError):
    """S3 refused, was not reached or broke off; nothing is known about the object itself."""

    exit_code = 3


def s3_client(endpoint_url: str | None = None) -> "S3Client":
    """A client that also works with S3 endpoints other than AWS; credentials and region as boto3 finds them."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": 3},
        # Trailing checksums are new; not every endpoint understands them.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # A session of its own: the default one remembers the credentials it found first, and the environment may change.
    session = botocore.session.get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    return boto3.session.Session(botocore_session=session).client("s3", endpoint_url=endpoint_url, config=config)


def _timestamp(value: Any) -> datetime:
    """The time of a listing's entry; guessing its format, as botocore does, takes half the time of a listing."""
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is not None:
            return read
    except (TypeError, ValueError):
        pass
    return botocore.utils.parse_timestamp(value)


class ObjectStore:
    """One bucket; other buckets can be read from."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def list(self, prefix: str, bucket: str | None = None) -> Sequence[ListedObject]:
        """Every object version under a prefix.

        In a bucket that keeps versions, earlier versions of a key are listed too: each was delivered. Not those of a
        key that is deleted now: its deliverer took it back.

        Args:
            prefix: What the keys start with.
            bucket: Another bucket than the own one.

        Raises:
            ObjectStoreError: Also when any page fails: half a listing is none.
        """
        bucket = bucket or self.bucket
        with self._errors(f"s3://{bucket}/{prefix}", bucket):
            if self._has_versions(bucket):
                return self._list_versions(bucket, prefix)
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [_listed(bucket, each, None) for page in pages for each in page.get("Contents", [])]

    @contextmanager
    def open(self, bucket: str, key: str, version: str) -> Iterator[ByteStream]:
        """The bytes of exactly this version.

        Args:
            bucket: Of the arrival.
            key: Of the arrival.
            version: As listed: a version id, or an ETag in quotes.

        Yields:
            A stream; its `read` raises `ObjectStoreError` when the connection breaks off.

        Raises:
            UnreadableObjectError: This version is gone: deleted, or replaced by what is an arrival of its own.
            ObjectStoreError: S3 refused or was not reached.
        """
        where = f"s3://{bucket}/{key}"
        is_etag = version.startswith('"')
        request: dict[str, Any] = {} if is_etag else {"VersionId": version}
        with self._errors(where, bucket):
            response = self._client.get_object(Bucket=bucket, Key=key, **request)
        body = response["Body"]
        try:
            # The answer's ETag is as good as If-Match, which some endpoints refuse and others ignore.
            if is_etag and response["ETag"] != version:
                raise _replaced(where)
            yield _ObjectStream(body, where)
        finally:
            body.close()

    def put(self, key: str, body: BinaryIO) -> None:
        """Write one object of the own bucket, whole or not at all; replaces what is there.

        Raises:
            ObjectStoreError: Not written.
        """
        with self._errors(f"s3://{self.bucket}/{key}", self.bucket):
            self._client.upload_fileobj(body, self.bucket, key)

    def ensure_bucket(self) -> None:
        """Create the own bucket if it is missing: for the embedded server only, a mistyped name must not make one.

        Raises:
            ObjectStoreError: Not allowed, or the name belongs to somebody else.
        """
        with self._errors(f"s3://{self.bucket}", self.bucket):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except botocore.exceptions.ClientError as error:
                if _code(error) not in {"404", "NoSuchBucket"}:
                    raise
                self._client.create_bucket(Bucket=self.bucket)

    def _has_versions(self, bucket: str) -> bool:
        try:
            return "Status" in self._client.get_bucket_versioning(Bucket=bucket)
        except botocore.exceptions.ClientError as error:
            if _code(error) in _NO_VERSIONS:
                return False
            raise

    def _list_versions(self, bucket: str, prefix: str) -> Sequence[ListedObject]:
        listed, deleted = [], set()
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            deleted |= {marker["Key"] for marker in page.get("DeleteMarkers", []) if marker["IsLatest"]}
            listed += [_listed(bucket, each, each["VersionId"]) for each in page.get("Versions", [])]
        return [each for each in listed if each.key not in deleted]

    @contextmanager
    def _errors(self, where: str, bucket: str) -> Iterator[None]:
        try:
            yield
        except botocore.exceptions.ClientError as error:
            raise _told(error, where, bucket) from None
        except S3UploadFailedError as error:
            cause = error.__context__
            if isinstance(cause, botocore.exceptions.ClientError):
                raise _told(cause, where, bucket) from None
            raise ObjectStoreError(f"{where}: the upload failed; try again") from None
        except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError):
            raise ObjectStoreError(
                f"{where}: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile"
            ) from None
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
            raise ObjectStoreError(
                f"{where}: the S3 endpoint {self._client.meta.endpoint_url} cannot be reached or broke off; "
                "check that it runs and EMPI_S3_ENDPOINT_URL"
            ) from None
        except botocore.exceptions.BotoCoreError as error:
            raise ObjectStoreError(f"{where}: {type(error).__name__}; check bucket name, region and endpoint") from None


class _ObjectStream:
    """A response body whose failures are ours."""

    def __init__(self, body: Any, where: str) -> None:
        self._body = body
        self._where = where

    def read(self, size: int = 1 << 20, /) -> bytes:
        """Up to `size` bytes."""
        try:
            return bytes(self._body.read(size))
        except (botocore.exceptions.BotoCoreError, OSError):
            raise ObjectStoreError(
                f"{self._where}: the connection broke off while reading; run the batch again"
            ) from None


def _listed(bucket: str, entry: Any, version_id: str | None) -> ListedObject:
    etag = _quoted(entry["ETag"])
    # "null" is the version of whatever was written while the bucket kept no versions: its ETag says more.
    version = version_id if version_id is not None and version_id != "null" else etag
    return ListedObject(bucket, entry["Key"], version, etag, entry["Size"], entry["LastModified"])


def _quoted(etag: str) -> str:
    # Some endpoints leave the quotes out in listings; they are what tells an ETag from a version id.
    return etag if etag.startswith('"') else f'"{etag}"'


def _code(error: botocore.exceptions.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _replaced(where: str) -> UnreadableObjectError:
    return UnreadableObjectError(
        "object_replaced", f"{where}: replaced since it arrived; what replaced it is taken in as an arrival of its own"
    )


def _told(error: botocore.exceptions.ClientError, where: str, bucket: str) -> EmpiError:
    code = _code(error)
    if code in {"NoSuchKey", "NoSuchVersion"}:
        return UnreadableObjectError("object_deleted", f"{where}: deleted since it arrived; deliver it again")
    if code in {"NoSuchBucket", "404"}:
        return ObjectStoreError(f"{where}: there is no bucket {bucket!r}; check EMPI_S3_BUCKET (it is never created)")
    if code in _DENIED:
        return ObjectStoreError(
            f"{where}: access denied by S3 ({error.operation_name}); the role needs to list, read and write this bucket"
        )
    if code in _WRONG_CREDENTIALS:
        return ObjectStoreError(f"{where}: S3 does not accept the credentials ({code}); check the AWS variables")
    return ObjectStoreError(f"{where}: S3 answered {code} to {error.operation_name}; try again")
