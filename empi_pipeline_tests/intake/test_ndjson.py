"""NDJSON objects."""

import duckdb
import pytest

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake.layout import ReadLimits, SourceLayout
from empi_pipeline_tests.intake.reading_rows import gzipped, read

NAME = "inbox/a.ndjson"
IDENTITY = b'"data_source":"d","source_person_id":'


def test_values_become_text_in_one_defined_way(con: duckdb.DuckDBPyConnection) -> None:
    values = {
        b'"x y"': "x y",
        b'"1.0"': "1.0",
        b"1.0": "1",
        b"1.50": "1.5",
        b"2134": "2134",
        b"1e5": "100000",
        b"12345678901234567890123": "12345678901234567890123",
        b"true": "true",
        b'[1,{"a":null}]': '[1,{"a":null}]',
        b'"\\u00e9\\n\\"\\/"': 'é\n"/',
        b"null": None,
        b'""': None,
        b'"null"': "null",
        b'"NA"': "NA",
    }
    content = b"".join(b'{%b%d,"first_name":%b}\n' % (IDENTITY, at, value) for at, value in enumerate(values))
    assert read(con, content, NAME).column("first_name") == list(values.values())


@pytest.mark.parametrize("block_bytes", [1, 50, 8 << 20])
def test_bad_lines_are_rejected_and_the_rest_goes_on(con: duckdb.DuckDBPyConnection, block_bytes: int) -> None:
    content = b"\n".join(
        [
            b"{" + IDENTITY + b'1,"first_name":"a"}',
            b"",
            b"{broken",
            b"[1]",
            b"17",
            b"{" + IDENTITY + b'2,"phone":"1","Phone":"2"}',
            b"{" + IDENTITY + b'3,"first_name":"\xe9"}',
            b"{" + IDENTITY + b'4,"first_name":"a\\u0000b"}',
            b'{"data_source":"d"}',
            b'{"source_person_id":"5"}',
            b"{" + IDENTITY + b'6,"first_name":"b"}\r',
            b"{" + IDENTITY + b'7,"a":1,"a":2}',
            b"{" + IDENTITY + b"8}{}",
        ]
    )
    result = read(con, content, NAME, limits=ReadLimits(block_bytes=block_bytes))
    assert result.lines == [1, 11]
    assert result.column("first_name") == ["a", "b"]
    assert sorted(row[:3] for row in result.rejected) == [
        (3, "unparsable_row", None),
        (4, "unparsable_row", None),
        (5, "unparsable_row", None),
        (6, "unparsable_row", None),
        (7, "undecodable", None),
        (8, "nul_byte", "first_name"),
        (9, "missing_source_person_id", "source_person_id"),
        (10, "missing_data_source", "data_source"),
        (12, "unparsable_row", None),
        (13, "unparsable_row", None),
    ]
    assert result.rejected[0][3] == b"{broken"


def test_keys_are_compared_without_case_and_kept_aside_when_unknown(con: duckdb.DuckDBPyConnection) -> None:
    content = (
        b'{"Data_Source":"d","source_person_id":"1","a/b":"x","c~d":2,"":3,"it\'s \\"$.x\\"":"q"}\n'
        b'{"data_source":"d","SOURCE_PERSON_ID":"2","Nachname":"L\xc3\xa9"}\n'
    )
    result = read(con, content, NAME, SourceLayout(mapping={"nachname": "last_name"}))
    assert result.column("source_person_id") == ["1", "2"]
    assert result.column("last_name") == [None, "Lé"]
    assert result.column("extra") == ['{"a/b":"x","c~d":"2","it\'s_\\"$.x\\"":"q","unnamed_1":"3"}', None]


def test_gzipped_ndjson_and_constants(con: duckdb.DuckDBPyConnection) -> None:
    content = gzipped(b'{"source_person_id":"1"}\n')
    layout = SourceLayout(constants={"data_source": "lab"})
    assert read(con, content, "a.jsonl.gz", layout).column("data_source") == ["lab"]


def test_an_empty_object_without_keys_is_rejected_as_a_row(con: duckdb.DuckDBPyConnection) -> None:
    assert [row[:2] for row in read(con, b"{}\n", NAME).rejected] == [(1, "missing_data_source")]


def test_a_line_without_end_and_too_many_keys_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, b'{"a":"' + b"x" * 5_000, NAME, limits=ReadLimits(block_bytes=100, max_row_bytes=1_000))
    assert refused.value.reason_code == "row_too_long"
    wide = b"{" + b",".join(b'"c%d":1' % at for at in range(1_001)) + b"}\n"
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, wide, NAME)
    assert refused.value.reason_code == "too_many_columns"
