"""Deletes records wherever their values, or hashes of their values, are. Part of a withdrawal's transaction."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from empi_pipeline.linkage.forgetting import forget_values
from empi_pipeline.linkage.key_index import cleaned_of_records
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_WORD: Final = rb"[0-9A-Za-z_\x80-\xff]"
_ENCODINGS: Final = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
"""Of files, as far as a rejected row may still be in one."""


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What is withdrawn.

    Attributes:
        data_source: Data source of the identity.
        source_person_id: Its id there.
        prefixes: Beginnings of the object keys that are this data source's own, whose rows do not name it.
    """

    data_source: str
    source_person_id: str
    prefixes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Rejected rows of a source identity, as far as they can be told: where they are, and how many of each arrival."""

    places: list[str]
    by_arrival: Counter[int]


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A delivered object that holds rows of a source identity; it lies in a bucket and is not ours to delete.

    Attributes:
        bucket: Its bucket.
        key: Its key.
        version: Its version id, or ETag in quotes.
        rows: How many of its rows.
    """

    bucket: str
    key: str
    version: str
    rows: int


def rejected_rows_of(connection: Connection, identity: SourceIdentity) -> RejectedRows:
    """Rejected rows in which the id stands as a word, and that are of the data source.

    What cannot be told: rows that were rejected because they have no id, and rows cut off before it.
    """
    spellings = _spellings(identity.source_person_id)
    rows = connection.execute(
        load("identity/withdraw_suspect_rows"),
        {
            "spellings": spellings,
            "sources": _spellings(identity.data_source),
            "data_source": identity.data_source,
            "prefixes": list(identity.prefixes),
        },
    ).fetchall()
    whole = re.compile(b"|".join(b"(?<!%b)%b(?!%b)" % (_WORD, re.escape(spelling), _WORD) for spelling in spellings))
    found = [(arrival_id, place) for arrival_id, _, content, place in rows if whole.search(content)]
    return RejectedRows([place for _, place in found], Counter(arrival_id for arrival_id, _ in found))


def objects_holding(connection: Connection, identity: SourceIdentity, rejected: RejectedRows) -> list[HeldBy]:
    """The delivered objects that brought these rows. Objects that only repeated known content cannot be told."""
    rows = connection.execute(
        load("identity/withdraw_objects"),
        {
            "data_source": identity.data_source,
            "source_person_id": identity.source_person_id,
            "rejected_arrivals": list(rejected.by_arrival),
            "rejected_counts": list(rejected.by_arrival.values()),
        },
    ).fetchall()
    return [HeldBy(*row) for row in rows]


def erase(connection: Connection, records: list[int], rejected: RejectedRows) -> None:
    """Delete the records and all that was derived from them; the content of the rejected rows."""
    cleaned = cleaned_of_records(connection, records)
    connection.execute(load("identity/withdraw_arrivals"), {"record_ids": records})
    for statement in ("membership", "predictions", "rescored", "reports", "cleaned", "answer_notes"):
        connection.execute(load(f"identity/withdraw_{statement}"), {"record_ids": records})
    # Each match model has a table of blocking keys of its own.
    for (table,) in connection.execute(load("identity/blocking_key_tables")).fetchall():
        connection.execute(
            sql.SQL("delete from {} where record_id = any (%(record_ids)s)").format(sql.Identifier("matching", table)),
            {"record_ids": records},
        )
    connection.execute(load("identity/withdraw_raw"), {"record_ids": records})
    connection.execute(load("identity/withdraw_rejected"), {"places": rejected.places})
    forget_values(connection, cleaned)


def _spellings(text: str) -> list[bytes]:
    """A value as it may stand in a file."""
    found = [json.dumps(text)[1:-1].encode()]
    for encoding in _ENCODINGS:
        try:
            found.append(text.encode(encoding))
        except UnicodeEncodeError:
            continue
    return list(dict.fromkeys(found))
