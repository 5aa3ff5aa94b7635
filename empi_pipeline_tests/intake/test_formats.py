"""Which objects are recognised as what, and layouts."""

import io
import zipfile

import duckdb
import pytest

from empi_pipeline.errors import ConfigurationError, UnreadableObjectError
from empi_pipeline.intake.formats import is_data_name
from empi_pipeline.intake.layout import ReadLimits, SourceLayout, layout_for, plan_columns
from empi_pipeline.intake.reading import DeliveredObject
from empi_pipeline_tests.intake.reading_rows import gzipped, read

CSV = b"data_source,source_person_id,sex\nd,1,\n"


class Trickle(io.BytesIO):
    """A network stream: it gives less than one asks for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 3) if size and size > 0 else size)


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.csv", CSV)
    return archive.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", zipped(), "unknown_format"),
        ("a.xlsx", zipped(), "unknown_format"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd....", "unknown_format"),
        ("README", b"hello", "unknown_format"),
        ("a.json", b"[]", "unknown_format"),
        ("a.csv.gz", CSV, "bad_gzip"),
        ("a.csv.gz", gzipped(CSV)[:-9], "bad_gzip"),
        ("a.csv.gz", gzipped(CSV)[:12], "bad_gzip"),
        ("a.csv.gz", gzipped(CSV) + b"garbage", "bad_gzip"),
        ("a.csv.gz", gzipped(CSV * 50)[:30] + b"\0\0\0\0" + gzipped(CSV * 50)[34:], "bad_gzip"),
        ("a.parquet", CSV, "bad_parquet"),
    ],
)
def test_what_is_no_readable_object_is_refused_with_its_name(
    con: duckdb.DuckDBPyConnection, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableObjectError, match=f"^inbox/{name}") as refused:
        read(con, content, f"inbox/{name}")
    assert refused.value.reason_code == reason


@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.csv.gz", "a.txt", "gz-without-suffix.csv"])
def test_gzip_is_recognised_by_content(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert read(con, gzipped(CSV), name).lines == [2]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.ndjson", "a.csv.gz", "whatever"])
def test_no_bytes_are_a_delivery_of_no_rows_whatever_the_name(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert read(con, b"", name).note == "the object is empty: no header, no rows"


def test_an_empty_gzip_file_is_a_delivery_of_no_rows(con: duckdb.DuckDBPyConnection) -> None:
    assert read(con, gzipped(b""), "a.csv.gz").note == "the object is empty: no header, no rows"
    assert read(con, gzipped(b""), "a.ndjson.gz").accepted == []


@pytest.mark.parametrize("content", [CSV, gzipped(CSV), CSV.decode().encode("utf-16")], ids=["plain", "gzip", "utf-16"])
def test_a_stream_may_return_less_than_asked_for(con: duckdb.DuckDBPyConnection, content: bytes) -> None:
    batches = list(DeliveredObject(con, Trickle(content), "a.csv"))
    assert [batch.delivered for batch in batches] == [1]


@pytest.mark.parametrize(
    ("name", "is_data"),
    [
        ("inbox/a.csv", True),
        ("inbox/A.CSV.GZ", True),
        ("inbox/x/y.parquet", True),
        ("inbox/a.jsonl", True),
        ("inbox/_SUCCESS", False),
        ("inbox/a.csv.tmp", False),
        ("inbox/csv", False),
        ("inbox/v1.csv/", False),
        ("inbox/.csv", True),
    ],
)
def test_data_objects_are_told_by_suffix(name: str, is_data: bool) -> None:
    assert is_data_name(name) is is_data


def test_the_longest_prefix_decides_the_layout() -> None:
    lab, north = SourceLayout(prefix="inbox/lab/"), SourceLayout(prefix="inbox/lab/north/")
    assert layout_for("inbox/lab/north/a.csv", [lab, north]) is north
    assert layout_for("inbox/lab/a.csv", [north, lab]) is lab
    assert layout_for("inbox/other/a.csv", [lab, north]) == SourceLayout()


def test_a_column_may_be_declared_to_be_one_that_matching_uses_beside_the_standard_ones() -> None:
    mapping = {"MRN": "source_person_id", "Maiden": "previous_last_name", "MA No": "identifier_medicaid", "T": None}
    layout = SourceLayout(prefix="lab/", mapping=mapping, constants={"data_source": "lab"})
    columns = plan_columns(["MRN", "Maiden", "MA No", "T", "ward"], layout, ReadLimits(), "lab/a.csv")
    assert columns.positions == {"source_person_id": 0}
    assert columns.extra == (("identifier_medicaid", 2), ("previous_last_name", 1), ("ward", 4))
    assert columns.left_out == ("t",)


@pytest.mark.parametrize("column", ["phone", "Suffix", "name_suffix", "identifier_medicaid", "other_city_2"])
def test_one_column_about_the_person_is_enough(column: str) -> None:
    names = ["data_source", "source_person_id", column, "human"]
    assert plan_columns(names, SourceLayout(), ReadLimits(), "a.csv").delivered == 4


def test_constants_and_columns_left_out_say_nothing_about_a_person() -> None:
    layout = SourceLayout(mapping={"Surname": None}, constants={"state": "WA"})
    with pytest.raises(UnreadableObjectError, match=r"^a\.csv: none of its 3 columns") as refused:
        plan_columns(["data_source", "source_person_id", "Surname"], layout, ReadLimits(), "a.csv")
    assert refused.value.reason_code == "no_attributes"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mapping": {"a": "surname"}},
        {"mapping": {"a": "identifier_"}},
        {"mapping": {"a": "previous_last_name_4"}},
        {"constants": {"previous_last_name": "x"}},
        {"constants": {"note": "x"}},
        {"constants": {"source_person_id": "1"}},
        {"delimiter": "::"},
        {"delimiter": '"'},
        {"delimiter": "\n"},
        {"encoding": "klingon"},
    ],
)
def test_a_layout_that_cannot_work_is_refused_before_any_object_is_opened(wrong: dict) -> None:
    with pytest.raises(ConfigurationError, match="layout of 'inbox/lab/'"):
        SourceLayout(prefix="inbox/lab/", **wrong)
