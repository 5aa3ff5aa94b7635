"""A synthetic population with known truth: households whose records several sources deliver, with their mistakes.

Reproducible by seed, at any size, in bounded memory; nothing here comes from real records. No servers, no Dagster.
"""

from empi_pipeline.synthetic.files import Format, Summary, generate
from empi_pipeline.synthetic.population import Block, Delivered, Plan, blocks
from empi_pipeline.synthetic.shares import Shares
from empi_pipeline.synthetic.sources import DEFAULT_SOURCES, SOURCES, Source, sources_named

__all__ = [
    "DEFAULT_SOURCES", "SOURCES", "Block", "Delivered", "Format", "Plan", "Shares", "Source", "Summary", "blocks",
    "generate", "sources_named",
]  # fmt: skip
