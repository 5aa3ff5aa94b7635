import dagster as dg
import psycopg
import pyarrow as pa
import pytest

from empi_pipeline.io_managers import PostgresIOManager
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.resources import PostgresResource

KEY = ["cleaned", "sample"]
ROWS = pa.table(
    {"record_id": pa.array([1, 2]), "word": ["a", None], "levels": pa.array([[1], [2, 3]], pa.list_(pa.int16()))}
)


@pytest.fixture
def manager(database: str, connection: Connection) -> PostgresIOManager:
    connection.execute(
        "create table cleaned.sample"
        " (batch_id text not null, record_id bigint primary key, word text, levels smallint[])"
    )
    connection.commit()
    return PostgresIOManager(postgres=PostgresResource(url=database))


def _store(manager: PostgresIOManager, batch: str, rows: pa.Table) -> None:
    manager.handle_output(dg.build_output_context(asset_key=KEY, partition_key=batch), rows)


def _load(manager: PostgresIOManager, batch: str) -> pa.Table:
    return manager.load_input(dg.build_input_context(asset_key=KEY, partition_key=batch))


def test_a_batch_comes_back_as_it_was_stored(manager: PostgresIOManager) -> None:
    _store(manager, "b1", ROWS)
    assert _load(manager, "b1").to_pylist() == ROWS.to_pylist()


def test_storing_again_replaces_the_batch_and_no_other(manager: PostgresIOManager) -> None:
    _store(manager, "b1", ROWS.slice(0, 1))
    _store(manager, "b2", ROWS.slice(1, 1))
    _store(manager, "b1", ROWS.slice(0, 0))
    assert _load(manager, "b1").num_rows == 0
    assert _load(manager, "b2").to_pylist() == ROWS.slice(1, 1).to_pylist()


def test_a_failing_store_keeps_what_was_there_and_tells_no_value(manager: PostgresIOManager) -> None:
    _store(manager, "b1", ROWS)
    twice = pa.concat_tables([ROWS, ROWS.set_column(1, "word", pa.array(["CANARY", "CANARY"]))])
    with pytest.raises(DatabaseError, match="sample_pkey") as caught:
        _store(manager, "b1", twice)
    assert "CANARY" not in str(caught.value)
    assert _load(manager, "b1").to_pylist() == ROWS.to_pylist()


def test_a_column_the_table_lacks_is_refused_by_name(manager: PostgresIOManager) -> None:
    with pytest.raises(DatabaseError, match="surprise"):
        _store(manager, "b1", ROWS.append_column("surprise", pa.array(["x", "y"])))


def test_a_batch_id_that_is_sql_is_a_value(manager: PostgresIOManager, database: str) -> None:
    nasty = "b'; drop table cleaned.sample; --"
    _store(manager, nasty, ROWS)
    assert _load(manager, nasty).num_rows == 2
    with connect(database) as connection:
        assert connection.execute("select count(*) from cleaned.sample").fetchone() == (2,)


def test_an_asset_that_wrote_for_itself_stores_nothing(manager: PostgresIOManager) -> None:
    manager.handle_output(dg.build_output_context(asset_key=KEY, partition_key="b1"), None)
    assert _load(manager, "b1").num_rows == 0


def test_a_lost_server_is_an_error_of_ours(database: str) -> None:
    manager = PostgresIOManager(postgres=PostgresResource(url=database.replace("test_", "gone_")))
    with pytest.raises(DatabaseError, match="does not exist") as caught:
        _load(manager, "b1")
    assert not isinstance(caught.value, psycopg.Error)
