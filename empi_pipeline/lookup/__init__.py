"""Who an incoming record is about: the likeliest persons of the index, in tens of milliseconds, and nothing is stored.

Reads cleaning, linkage and identity; only the faces (CLI, HTTP API) read it. No Dagster.
"""

from empi_pipeline.lookup.matcher import Matcher
from empi_pipeline.lookup.result import InvalidRecordError, Match, MatchedRecord, PersonMatched

__all__ = ["InvalidRecordError", "Match", "MatchedRecord", "Matcher", "PersonMatched"]
