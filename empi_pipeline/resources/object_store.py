"""The bucket of inbox and exports as a Dagster resource."""

import os
from functools import cache
from typing import TYPE_CHECKING

from dagster_aws.s3 import S3Resource

from empi_pipeline.intake.object_store import ObjectStore, s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectStoreResource(S3Resource):
    """Where deliveries arrive and exports go; credentials come from the usual AWS variables."""

    bucket: str

    def store(self) -> ObjectStore:
        """The bucket, for the domain; the endpoint is `EMPI_S3_ENDPOINT_URL` unless configured."""
        endpoint_url = self.endpoint_url or os.environ.get("EMPI_S3_ENDPOINT_URL") or None
        return ObjectStore(_client(endpoint_url, os.environ.get("AWS_ACCESS_KEY_ID")), self.bucket)

    def get_object_to_set_on_execution_context(self) -> ObjectStore:
        """What `context.resources` has: the store; a client of its own for each step would cost a second."""
        return self.store()


@cache
def _client(endpoint_url: str | None, access_key: str | None) -> "S3Client":
    # Making a client costs half a second of parsing JSON; it can be used by many threads.
    del access_key  # Only tells apart whose client it is.
    return s3_client(endpoint_url)
