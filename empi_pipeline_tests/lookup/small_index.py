"""Three records of two persons, filed as the pipeline files them."""

from datetime import date

import pyarrow as pa

from empi_pipeline.cleaning import clean
from empi_pipeline.linkage import blocking_keys, key_index, registry
from empi_pipeline.linkage.activation import freeze_on
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.scratch import open_scratch

_ROWS = [
    ("a", "1", "Ada", "Lovelace", "1915-12-10", "123121234"),
    ("b", "2", "Ada", "Lovelase", "1915-12-10", "123121234"),
    ("c", "3", "Grace", "Lovelace", "1915-12-10", "123121235"),
]
_COLUMNS = ("data_source", "source_person_id", "first_name", "last_name", "birth_date", "social_security_number")


def fill_small(connection: Connection) -> None:
    """Record ids 1 to 3; the first two are of person ...001, the third of ...002."""
    delivered = pa.table(dict(zip(_COLUMNS, zip(*_ROWS, strict=True), strict=True)))
    registered = registry.ensure_active(connection)
    with open_scratch(threads=1) as con:
        records = delivered.append_column("record_id", pa.array([1, 2, 3], pa.int64()))
        cleaned = clean(con, records, {}, date(2026, 11, 20)).table
        freeze_on(connection, con, registered, cleaned)
        key_index.save_keys(connection, registered.model_id, blocking_keys(con, cleaned, registered.model))
    copy_in(connection, "cleaned.person_records", cleaned, constants={"batch_id": "b"})
    connection.execute(
        "insert into identity.membership (record_id, person_id, change_id)"
        " select number, ('00000000-0000-4000-8000-00000000000' || (number + 1) / 2)::uuid, 1"
        " from generate_series(1, 3) as number"
    )
