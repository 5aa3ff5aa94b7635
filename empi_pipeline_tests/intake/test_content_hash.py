"""The content hash against an oracle of ten lines."""

import hashlib

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from empi_pipeline.intake import content_hash
from empi_pipeline.intake.content_hash import add_content_hashes, add_extra_columns
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline_tests.intake.reading_rows import gzipped, read


def oracle(values: list[str | None], extra: dict[str, str | None]) -> bytes:
    def sized(text: str) -> bytes:
        return b"%d:%s" % (len(text.encode()), text.encode())

    standard = b"".join(sized(value) if value else b"-" for value in values)
    pairs = b"".join(sized(name) + sized(value) for name, value in sorted(extra.items()) if value)
    return hashlib.sha256(standard + pairs).digest()


VALUE = st.one_of(
    st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
)
ROW = st.tuples(
    st.lists(VALUE, min_size=15, max_size=15), st.dictionaries(st.text(min_size=1, max_size=3), VALUE, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=5))
@example(rows=[(["1", "-"] + [None] * 13, {}), (["1:-"] + [None] * 14, {}), ([None] * 15, {"a": "1:b1:c", "b": "c"})])
def test_hashes_are_those_of_the_documented_encoding(con: duckdb.DuckDBPyConnection, rows: list) -> None:
    rows = [(values, {name: value for name, value in extra.items() if is_text(name)}) for values, extra in rows]
    columns = [pa.array([values[at] for values, _ in rows], pa.string()) for at in range(15)]
    table = pa.table([pa.array(range(len(rows))), *columns], names=["line_number", *PERSON_RECORD_COLUMNS])
    names = sorted({name for _, extra in rows for name in extra})
    extra = [(name, pa.array([extra.get(name) for _, extra in rows], pa.string())) for name in names]
    for few_rows in (1_000, 0):  # In Python, and in DuckDB.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(content_hash, "_FEW_ROWS", few_rows)
            hashed = add_content_hashes(con, add_extra_columns(con, table, extra))
        assert hashed.column("content_hash").to_pylist() == [oracle(*row) for row in rows]
        assert hashed.drop_columns(["extra", "content_hash"]).equals(table)


def is_text(name: str) -> bool:
    return "\0" not in name and name.isprintable()


def test_the_encoding_does_not_change_with_a_new_version_of_the_code(con: duckdb.DuckDBPyConnection) -> None:
    """Stored hashes must be found again for ever; this literal may only change with a migration of all hashes."""
    content = b"data_source,source_person_id,first_name,note\nd,1,Ann,x\n"
    assert [value.hex() for value in read(con, content).hashes] == [
        hashlib.sha256(b"1:d1:13:Ann" + b"-" * 12 + b"4:note1:x").hexdigest()
    ]


def test_content_has_one_hash_whatever_the_order_format_and_empty_columns(con: duckdb.DuckDBPyConnection) -> None:
    reference = read(con, b"data_source,source_person_id,first_name,note\nd,1,Ann,x\n").hashes
    same = {
        "order.csv": b"note,first_name,source_person_id,data_source\nx,Ann,1,d\n",
        "empty-columns.csv": b'data_source,empty,source_person_id,first_name,phone,note\nd,,1,Ann,"",x\n',
        "quoted.csv": b'\xef\xbb\xbf"data_source","source_person_id","first_name","NOTE"\r\n"d","1","Ann","x"\r\n',
        "packed.csv.gz": gzipped(b"data_source,source_person_id,first_name,note\nd,1,Ann,x\n"),
        "a.ndjson": b'{"note": "x", "first_name": "Ann", "phone": null, "source_person_id": 1, "data_source": "d"}\n',
    }
    for name, content in same.items():
        assert read(con, content, name).hashes == reference, name


def test_rows_that_differ_in_anything_have_different_hashes(con: duckdb.DuckDBPyConnection) -> None:
    content = b"""data_source,source_person_id,first_name,last_name,note,memo
d,1,Ann,,,
d,1,,Ann,,
d,1,Ann ,,,
d,1,ann,,,
d,1,Ann,-,,
d,1,Ann,,x,
d,1,Ann,,,x
d,1,Ann,,4:memo,
d1,,Ann,,,
d,1Ann,,,,
"""
    hashes = read(con, content).hashes
    assert len(hashes) == 9, "the row without source_person_id is rejected"
    assert len(set(hashes)) == 9
