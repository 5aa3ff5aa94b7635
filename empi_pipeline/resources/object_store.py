"""The bucket of inbox and exports as a Dagster resource."""

from functools import cache
from typing import TYPE_CHECKING

import dagster as dg
from dagster_aws.s3 import S3Resource

from empi_pipeline.intake.object_store import ObjectStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectStoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where deliveries arrive and exports go; credentials come from the usual AWS variables."""

    s3: dg.ResourceDependency[S3Resource]
    bucket: str

    def store(self) -> ObjectStore:
        """The bucket, for the domain."""
        return ObjectStore(_client(self.s3.endpoint_url, self.s3.region_name, self.s3.profile_name), self.bucket)


@cache
def _client(endpoint_url: str | None, region_name: str | None, profile_name: str | None) -> "S3Client":
    # Making a client costs half a second of parsing JSON; it can be used by many threads.
    client: S3Client = S3Resource(
        endpoint_url=endpoint_url, region_name=region_name, profile_name=profile_name
    ).get_client()
    return client
