"""The records as three data sources would deliver them: each in its own format, with its own names and mistakes."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from empi_pipeline.demo.febrl import FebrlRecord
from empi_pipeline.schema import ATTRIBUTE_COLUMNS, PERSON_RECORD_COLUMNS

SETTINGS: Final = """\
# How the data sources of the demo deliver. The hospital and the lab use the standard columns; the payer does not.
data_sources:
  payer:
    prefix: payer/
    date_format: "%d/%m/%Y"
    columns:
      member_id: source_person_id
      given_name: first_name
      family_name: last_name
      born: birth_date
      ssn: social_security_number
      street: address
      town: city
      region: state
      postcode: zip_code
"""

_PAYER_NAMES: Final = {
    "source_person_id": "member_id",
    "first_name": "given_name",
    "last_name": "family_name",
    "birth_date": "born",
    "social_security_number": "ssn",
    "address": "street",
    "city": "town",
    "state": "region",
    "zip_code": "postcode",
}

_REPEATED_ROWS: Final = 100

# Rows as they come in real life: a number missing, a comma too many, a byte of another encoding.
_BAD_CSV_ROWS: Final = (
    b"hospital,,no,number,f" + b"," * 10 + b"\n",
    b"hospital,H-bad-2,one,field,too,many" + b"," * 12 + b"\n",
    b"hospital,H-bad-3,Ren\xe9,latin,m" + b"," * 10 + b"\n",
    b",H-bad-4,no,source,f" + b"," * 10 + b"\n",
)
_BAD_JSON_LINES: Final = (b'{"data_source": "lab", "source_person_id": "L-bad-1", "first_name": \n', b"[1, 2, 3]\n")


@dataclass(frozen=True, slots=True)
class Wave:
    """What arrives together.

    Attributes:
        objects: Key below the inbox -> content.
    """

    objects: dict[str, bytes]


def waves(records: Sequence[FebrlRecord]) -> tuple[list[Wave], dict[tuple[str, str], str]]:
    """Two deliveries of three sources.

    Args:
        records: All of them; each goes to one source, chosen by its name, so that every demo is the same.

    Returns:
        The deliveries, and the truth: (data_source, source_person_id) -> human.
    """
    chosen: dict[tuple[str, int], list[tuple[str, FebrlRecord]]] = {}
    truth = {}
    for record in records:
        data_source, wave = _place(record)
        number = hashlib.sha256(f"number {record.key}".encode()).hexdigest()[:8]
        source_person_id = f"{data_source[0].upper()}-{number}"
        chosen.setdefault((data_source, wave), []).append((source_person_id, record))
        truth[data_source, source_person_id] = record.human
    repeated = chosen["hospital", 0][:_REPEATED_ROWS]
    first = {
        "hospital/2026-01/admissions.csv": _csv(chosen["hospital", 0]) + b"".join(_BAD_CSV_ROWS),
        "payer/members.parquet": _parquet(chosen["payer", 0]),
    }
    second = {
        "hospital/2026-02/admissions.csv": _csv([*chosen["hospital", 1], *repeated]),
        "lab/orders.ndjson.gz": gzip.compress(_ndjson(chosen["lab", 1]) + b"".join(_BAD_JSON_LINES), mtime=0),
    }
    return [Wave(first), Wave(second)], truth


def _place(record: FebrlRecord) -> tuple[str, int]:
    dice = hashlib.sha256(record.key.encode()).digest()
    if dice[0] < 120:
        return "hospital", int(dice[1] >= 160)
    return ("payer", 0) if dice[0] < 195 else ("lab", 1)


def _csv(records: Sequence[tuple[str, FebrlRecord]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PERSON_RECORD_COLUMNS)
    for source_person_id, record in records:
        writer.writerow(
            ["hospital", source_person_id, *(record.values.get(column, "") for column in ATTRIBUTE_COLUMNS)]
        )
    return text.getvalue().encode()


def _parquet(records: Sequence[tuple[str, FebrlRecord]]) -> bytes:
    columns = {
        delivered: pa.array([_payer_value(name, number, record) for number, record in records], pa.string())
        for name, delivered in _PAYER_NAMES.items()
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _payer_value(name: str, number: str, record: FebrlRecord) -> str | None:
    if name == "source_person_id":
        return number
    value = record.values.get(name)
    if name == "birth_date" and value is not None and len(value) == 8:
        return f"{value[6:]}/{value[4:6]}/{value[:4]}"
    return value


def _ndjson(records: Sequence[tuple[str, FebrlRecord]]) -> bytes:
    lines = [
        json.dumps({"data_source": "lab", "source_person_id": number, **record.values}) for number, record in records
    ]
    return ("\n".join(lines) + "\n").encode()
