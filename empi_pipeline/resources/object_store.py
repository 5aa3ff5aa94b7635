"""The bucket of inbox and exports as a Dagster resource."""

import dagster as dg
from dagster_aws.s3 import S3Resource

from empi_pipeline.intake.object_store import ObjectStore


class ObjectStoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where deliveries arrive and exports go; credentials come from the usual AWS variables."""

    s3: dg.ResourceDependency[S3Resource]
    bucket: str

    def store(self) -> ObjectStore:
        """The bucket, for the domain."""
        return ObjectStore(self.s3.get_client(), self.bucket)
