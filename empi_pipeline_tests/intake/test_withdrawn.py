import duckdb
import pyarrow as pa
import pytest

from empi_pipeline.intake.rows import ACCEPTED_SCHEMA
from empi_pipeline.intake.withdrawn import WithdrawnIdentities
from empi_pipeline.postgres import Connection


def _rows(*identities: tuple[str, str]) -> pa.Table:
    columns = {
        "line_number": list(range(2, 2 + len(identities))),
        "data_source": [source for source, _ in identities],
        "source_person_id": [person_id for _, person_id in identities],
    }
    size = len(identities)
    filled = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.array([b"\0" * 32] * size, field.type)
        if field.name == "content_hash"
        else pa.nulls(size, field.type)
        for field in ACCEPTED_SCHEMA
    ]
    return pa.table(filled, schema=ACCEPTED_SCHEMA)


@pytest.mark.parametrize("identity", [("lab", "4711"), ("lab:", "1"), ("Klinikum Süd", "Ä 7"), ("衛生", "十二")])
def test_rows_of_a_withdrawn_identity_are_rejected_without_their_content(
    connection: Connection, identity: tuple[str, str]
) -> None:
    connection.execute(
        "insert into identity.withdrawals (identity_digest, change_id) values (identity.withdrawal_digest(%s, %s), 1)",
        identity,
    )
    others = [("lab", "47110"), ("lab4", "711"), ("lab", ":1")]
    with duckdb.connect() as con:
        kept, rejected = WithdrawnIdentities(connection, con).set_apart(_rows(*others, identity, identity))
    assert kept["line_number"].to_pylist() == [2, 3, 4]
    assert rejected.to_pylist() == [
        {"line_number": line, "reason_code": "withdrawn", "column_name": None, "content": None} for line in (5, 6)
    ]


def test_a_lifted_withdrawal_rejects_nothing(connection: Connection) -> None:
    connection.execute(
        "insert into identity.withdrawals (identity_digest, change_id, lifted_change_id)"
        " values (identity.withdrawal_digest('lab', '1'), 1, 2)"
    )
    with duckdb.connect() as con:
        kept, rejected = WithdrawnIdentities(connection, con).set_apart(_rows(("lab", "1")))
    assert (kept.num_rows, rejected.num_rows) == (1, 0)
