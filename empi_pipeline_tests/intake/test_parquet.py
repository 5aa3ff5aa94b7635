"""Parquet objects, and typed values as text."""

import datetime
import decimal
import io

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.layout import ReadLimits
from empi_pipeline.intake.typed_text import as_text
from empi_pipeline_tests.intake.reading_rows import read

NAME = "inbox/a.parquet"
DAY, MOMENT = datetime.date(1980, 1, 2), datetime.datetime(1980, 1, 2, 3, 4, 5)  # noqa: DTZ001  # Without zone on purpose.
MIDNIGHT = datetime.datetime(1980, 1, 2)  # noqa: DTZ001


def parquet(columns: dict[str, object], **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["a", "", None]), [b"a", b"", None]),
        (pa.array(["a"], pa.large_string()), [b"a"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), [b"a", b"b", b"a"]),
        (pa.array([2134, None]), ["2134", None]),
        (pa.array([2134.0, 1.5, float("nan"), 1e20]), ["2134", "1.5", None, "1e+20"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([2.0], pa.float16()), ["2"]),
        (pa.array([decimal.Decimal("21.00"), decimal.Decimal("1.50")]), ["21", "1.50"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([DAY]), ["1980-01-02"]),
        (pa.array([DAY], pa.date64()), ["1980-01-02"]),
        (pa.array([MIDNIGHT], pa.timestamp("ns")), ["1980-01-02"]),
        (pa.array([MOMENT, MIDNIGHT], pa.timestamp("s")), ["1980-01-02 03:04:05", "1980-01-02"]),
        (pa.array([MOMENT], pa.timestamp("s", "Europe/Berlin")), ["1980-01-02 03:04:05Z"]),
        (pa.array([[1, 2], None]), ["[1,2]", None]),
        (pa.array([{"b": "é", "a": DAY}]), ['{"a":"1980-01-02","b":"é"}']),
        (pa.nulls(2), [None, None]),
        (pa.array([b"ab"], pa.binary(2)), [b"ab"]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_typed_values_become_text_in_one_defined_way(values: pa.Array, texts: list[object]) -> None:
    assert as_text(values).to_pylist() == texts


def test_rows_are_numbered_from_one_and_bad_ones_rejected(con: duckdb.DuckDBPyConnection) -> None:
    content = parquet(
        {
            "Source_Person_Id": pa.array([1, 2, None, 4, 5]),
            "data_source": ["d", "d", "d", None, "d"],
            "birth_date": pa.array([DAY] * 5),
            "zip_code": pa.array([2134.0] * 5),
            "note": pa.array([b"x", b"\xff", None, None, b"a\0"]),
        },
        row_group_size=2,
    )
    result = read(con, content, NAME, limits=ReadLimits(max_batch_rows=2))
    assert result.lines == [1]
    assert result.accepted[0]["birth_date"] == "1980-01-02"
    assert result.accepted[0]["zip_code"] == "2134"
    assert result.accepted[0]["extra"] == '{"note":"x"}'
    assert [row[:3] for row in result.rejected] == [
        (2, "undecodable", "note"),
        (3, "missing_source_person_id", "source_person_id"),
        (4, "missing_data_source", "data_source"),
        (5, "nul_byte", "note"),
    ]
    assert result.rejected[1][3] == b"data_source=d\nbirth_date=1980-01-02\nzip_code=2134"


def test_parquet_and_csv_of_the_same_content_have_the_same_hash(con: duckdb.DuckDBPyConnection) -> None:
    content = parquet({"data_source": ["d"], "source_person_id": [7], "birth_date": [DAY], "phone": pa.nulls(1)})
    csv = read(con, b"data_source,source_person_id,birth_date\nd,7,1980-01-02\n")
    assert read(con, content, NAME).hashes == csv.hashes


def test_damaged_parquet_is_refused_and_content_tells_the_format(con: duckdb.DuckDBPyConnection) -> None:
    content = parquet(
        {"data_source": ["d"] * 1_000, "source_person_id": [f"{at}" for at in range(1_000)], "sex": ["F"] * 1_000}
    )
    inside = content[:200] + bytes(200) + content[400:]
    for damaged in (content[:-20], content[:100], inside, b"PAR1", b"not parquet"):
        with pytest.raises(UnreadableObjectError) as refused:
            read(con, damaged, NAME)
        assert refused.value.reason_code == "bad_parquet"
        assert NAME in str(refused.value)
    assert len(read(con, content, "inbox/misnamed.csv").accepted) == 1_000


def test_parquet_without_identity_or_with_too_many_columns_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, parquet({"data_source": ["d"]}), NAME)
    assert refused.value.reason_code == "missing_columns"
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, parquet({"data_source": ["d"], "source_person_id": ["1"], "human": ["7-1"]}), NAME)
    assert refused.value.reason_code == "no_attributes"
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, parquet({f"c{at}": ["d"] for at in range(1_001)}), NAME)
    assert refused.value.reason_code == "too_many_columns"


def test_parquet_without_rows_is_a_delivery_of_no_rows(con: duckdb.DuckDBPyConnection) -> None:
    names = ("data_source", "source_person_id", "sex")
    content = parquet({name: pa.nulls(0, pa.string()) for name in names})
    assert read(con, content, NAME).note == "the object has column names but no rows"
