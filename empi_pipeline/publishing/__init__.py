"""What the world outside lives on: the crosswalk, its change feed, retired ids, and their exports.

Reads identity and raw, writes the schema `publishing` only. Nobody's identity is decided here.
"""

from empi_pipeline.publishing.at_once import PublishedAtOnce, publish_at_once
from empi_pipeline.publishing.crosswalk import Published, publish
from empi_pipeline.publishing.export import export_crosswalk, export_retired_persons
from empi_pipeline.publishing.feed import CrosswalkChange, changes_since, export_new_changes
from empi_pipeline.publishing.withdrawal import Forgotten, forget

__all__ = [
    "CrosswalkChange",
    "Forgotten",
    "Published",
    "PublishedAtOnce",
    "changes_since",
    "export_crosswalk",
    "export_new_changes",
    "export_retired_persons",
    "forget",
    "publish",
    "publish_at_once",
]
