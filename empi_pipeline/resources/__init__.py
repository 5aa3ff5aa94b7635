"""What assets are given at run time: connections to Postgres and S3, scratch databases, settings.

Each resource is a thin configurable shell around a plain object of the domain, which knows no Dagster.
"""

from empi_pipeline.resources.batch_claim import BatchClaimResource
from empi_pipeline.resources.object_store import ObjectStoreResource
from empi_pipeline.resources.postgres import PostgresResource
from empi_pipeline.resources.scratch import ScratchResource
from empi_pipeline.resources.settings import SettingsResource

__all__ = ["BatchClaimResource", "ObjectStoreResource", "PostgresResource", "ScratchResource", "SettingsResource"]
