"""The forms of cleaned values, as a pandera schema."""

from typing import Final

import dagster as dg
import pandera.pyarrow as pandera
import pyarrow as pa

from empi_pipeline.assets.tables import markdown_table
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.resources import SettingsResource
