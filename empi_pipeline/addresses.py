"""Where browsers find the two faces, the stewards' page and Dagster's UI, so that each can link to the other."""

import os
import re
from typing import Final

from empi_pipeline.errors import ConfigurationError

PAGE_URL: Final = "EMPI_PAGE_URL"
DAGSTER_URL: Final = "EMPI_DAGSTER_URL"

# No user, no query, nothing but HTTP: what is set here becomes part of links that people follow.
_ADDRESS: Final = re.compile(r"https?://[\w.\[\]:-]+(/[\w./~-]*)?", re.ASCII)


def page_link(path: str) -> str | None:
    """A link to a path (`/cases`) of the stewards' page; None where nobody said where the page is.

    Raises:
        ConfigurationError: What `EMPI_PAGE_URL` says is no address.
    """
    return _link(PAGE_URL, path)


def dagster_link(path: str) -> str | None:
    """A link to a path (`/runs/<id>`) of Dagster's UI; None where nobody said where that is.

    Raises:
        ConfigurationError: What `EMPI_DAGSTER_URL` says is no address.
    """
    return _link(DAGSTER_URL, path)


def _link(variable: str, path: str) -> str | None:
    base = os.environ.get(variable)
    if not base:
        return None
    if not _ADDRESS.fullmatch(base):
        raise ConfigurationError(f"{variable} must look like https://empi.example.org, without user or query")
    return base.rstrip("/") + path
