"""All rules in one place: the order in which they run, and their version."""

import hashlib
from collections.abc import Iterator
from typing import Final

from empi_pipeline import sql
from empi_pipeline.cleaning import addresses, codes, identifiers, names, phones, places, records
from empi_pipeline.cleaning.dates import date_group
from empi_pipeline.cleaning.further import IDENTIFIERS
from empi_pipeline.cleaning.stages import Group, Stage
from empi_pipeline.cleaning.vocabulary import VOCABULARIES

GROUPS: Final[tuple[Group, ...]] = (
    names.FIRST_NAME,
    names.LAST_NAME,
    names.MIDDLE_NAME,
    names.NAME_SUFFIX,
    codes.SEX,
    codes.RACE,
    date_group("birth_date"),
    date_group("death_date"),
    identifiers.SOCIAL_SECURITY_NUMBER,
    addresses.ADDRESS,
    places.CITY,
    places.STATE,
    places.ZIP_CODE,
    places.COUNTY,
    phones.PHONE,
    identifiers.EMAIL,
)
"""Groups in an order in which every group stands after the ones it needs."""


def sections() -> Iterator[tuple[str, tuple[Stage, ...]]]:
    """Names of groups and their stages, in order of application."""
    yield "record", records.BEFORE
    for group in GROUPS:
        yield group.name, group.stages
    yield "record", records.AFTER
    yield IDENTIFIERS.name, IDENTIFIERS.stages


def _version() -> str:
    digest = hashlib.sha256()
    for text in (
        repr(GROUPS),
        repr(records.BEFORE),
        repr(records.AFTER),
        repr(IDENTIFIERS),
        repr(VOCABULARIES),
        sql.load("cleaning/date_order_evidence"),
    ):
        digest.update(text.encode())
    return digest.hexdigest()[:12]


CODE_VERSION: Final = _version()
"""Changes whenever a rule or a word list does; for Dagster's `code_version`."""
