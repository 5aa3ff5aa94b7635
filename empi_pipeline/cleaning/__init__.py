"""Standardisation of person records for matching: names, dates, SSN, phone, address, sex, state, zip, placeholders.

Pure functions on Arrow tables, done as set work in a DuckDB connection of the caller. The original is never altered;
nothing here matches, stores, or knows where records come from. docs/cleaning.md lists the rules.
"""

from empi_pipeline.cleaning.batch import Cleaning, clean
from empi_pipeline.cleaning.formats import DateColumn, DateOrder, SourceCleaning, infer_date_formats
from empi_pipeline.cleaning.rulebook import CODE_VERSION

__all__ = ["CODE_VERSION", "Cleaning", "DateColumn", "DateOrder", "SourceCleaning", "clean", "infer_date_formats"]
