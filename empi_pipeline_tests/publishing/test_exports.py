import io
from typing import BinaryIO

import pyarrow.parquet as pq
import pytest

from empi_pipeline.errors import NotFoundError
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.publishing import export_crosswalk, export_new_changes, export_retired_persons, publish
from empi_pipeline_tests.publishing.index_state import IndexState, person


class Bucket(dict[str, bytes]):
    """An export target in memory; refuses once when told to."""

    refuse = False

    def put(self, key: str, body: BinaryIO) -> None:
        if self.refuse:
            raise ConnectionError
        self[key] = body.read()


def _published(connection: Connection) -> IndexState:
    index = IndexState(connection)
    index.change(
        {
            index.record("lab", "10"): 1,
            index.record("lab", "9"): 2,
            index.record("Hospital", 'with "quotes", comma'): 1,
            index.record("étage", "ż"): 3,
        }
    )
    publish(connection)
    return index


def test_the_crosswalk_as_csv_is_ordered_bytewise_and_quoted(connection: Connection) -> None:
    _published(connection)
    sink = io.BytesIO()
    assert export_crosswalk(connection, sink) == 4
    assert sink.getvalue().decode() == (
        "data_source,source_person_id,person_id\n"
        f'Hospital,"with ""quotes"", comma",{person(1)}\n'
        f"lab,10,{person(1)}\n"
        f"lab,9,{person(2)}\n"
        f"étage,ż,{person(3)}\n"
    )


def test_the_crosswalk_as_parquet_has_the_same_rows_in_the_same_order(connection: Connection) -> None:
    _published(connection)
    sink = io.BytesIO()
    assert export_crosswalk(connection, sink, "parquet") == 4
    assert pq.read_table(io.BytesIO(sink.getvalue())).to_pylist()[1] == {
        "data_source": "lab",
        "source_person_id": "10",
        "person_id": person(1),
    }


def test_only_the_data_sources_named_are_exported(connection: Connection) -> None:
    _published(connection)
    for file_format, size in (("csv", 2), ("parquet", 2)):
        assert export_crosswalk(connection, io.BytesIO(), file_format, ["lab"]) == size  # type: ignore[arg-type]
    assert export_crosswalk(connection, io.BytesIO(), data_sources=["lab", "Hospital"]) == 3


def test_a_data_source_nobody_knows_is_refused_instead_of_giving_an_empty_file(connection: Connection) -> None:
    _published(connection)
    with pytest.raises(NotFoundError, match=r"no data source named x' or true--$"):
        export_crosswalk(connection, io.BytesIO(), data_sources=["lab", "x' or true--"])


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_empty_crosswalk_gives_a_header_only(connection: Connection, file_format: str) -> None:
    sink = io.BytesIO()
    assert export_crosswalk(connection, sink, file_format) == 0  # type: ignore[arg-type]
    if file_format == "csv":
        assert sink.getvalue() == b"data_source,source_person_id,person_id\n"
    else:
        assert pq.read_schema(io.BytesIO(sink.getvalue())).names == ["data_source", "source_person_id", "person_id"]


def test_retired_ids_resolve_to_the_living_person_through_any_number_of_merges(connection: Connection) -> None:
    for number, into in ((1, 2), (2, 3), (3, None), (4, 3)):
        connection.execute(
            "insert into identity.persons (person_id, created_change_id, created_at, record_count, retired_change_id,"
            " merged_into) values (%s, 1, now(), 1, %s, %s)",
            [person(number), into and 2, into and person(into)],
        )
    sink = io.BytesIO()
    assert export_retired_persons(connection, sink) == 3
    assert sink.getvalue().decode() == "retired_person_id,person_id\n" + "".join(
        f"{person(number)},{person(3)}\n" for number in (1, 2, 4)
    )


def test_each_publication_is_written_once_as_an_object_of_what_it_changed(database: str) -> None:
    bucket = Bucket()
    with connect(database) as connection:
        index = _published(connection)
        moved = next(record for record, owner in index.owner.items() if owner == 2)
        index.change({})
        publish(connection)
        index.change({moved: 1})
        publish(connection)
    with connect(database) as connection:
        assert export_new_changes(connection, bucket) == [
            "exports/crosswalk_changes/1.csv",
            "exports/crosswalk_changes/3.csv",
        ]
        assert export_new_changes(connection, bucket) == []
    assert bucket["exports/crosswalk_changes/1.csv"].count(b"\n") == 5
    assert bucket["exports/crosswalk_changes/3.csv"].decode() == (
        "change_no,change_id,data_source,source_person_id,kind,person_id\n"
        f"5,3,lab,9,removed,{person(2)}\n"
        f"6,3,lab,9,added,{person(1)}\n"
    )


def test_an_object_that_could_not_be_written_is_written_next_time(database: str) -> None:
    bucket = Bucket()
    with connect(database) as connection:
        _published(connection)
    bucket.refuse = True
    with pytest.raises(ConnectionError), connect(database) as connection:
        export_new_changes(connection, bucket)
    bucket.refuse = False
    with connect(database) as connection:
        assert export_new_changes(connection, bucket) == ["exports/crosswalk_changes/1.csv"]
