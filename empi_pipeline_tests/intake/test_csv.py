"""CSV objects: edge cases from `csv_cases.yaml`, and the fast path against a naive reader."""

import io
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from empi_pipeline.errors import UnreadableObjectError
from empi_pipeline.intake import csv_blocks
from empi_pipeline.intake.csv_rows import CsvGrammar
from empi_pipeline.intake.layout import ReadLimits, SourceLayout
from empi_pipeline_tests.intake.reading_rows import Read, gzipped, read

CASES = yaml.safe_load((Path(__file__).parent / "csv_cases.yaml").read_text(encoding="utf-8"))
HEADER = b"data_source,source_person_id,first_name\n"


def unescaped(content: str) -> bytes:
    return content.encode().decode("unicode_escape").encode("latin-1")


def as_case(result: Read) -> tuple[dict, dict]:
    accepted = {
        row.pop("line_number"): {name: value for name, value in row.items() if name != "content_hash"}
        for row in map(dict, result.accepted)
    }
    return accepted, {line: [reason, column] for line, reason, column, _ in result.rejected}


@pytest.mark.parametrize("block_bytes", [8 << 20, 64, 7, 1], ids=lambda size: f"blocks of {size}")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_delivered_csv_comes_out_as_the_table_says(
    con: duckdb.DuckDBPyConnection, case: dict, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_blocks, "_PIECE_BYTES", 16)
    result = read(con, unescaped(case["content"]), limits=ReadLimits(block_bytes=block_bytes))
    accepted, rejected = as_case(result)
    assert accepted == {line: {"data_source": "d", **row} for line, row in case["accepted"].items()}
    assert rejected == case.get("rejected", {})
    assert result.note == case.get("note")


REFUSED = [
    ("no header line", b"d,1,Ann\nd,2,Bob\n", "missing_columns"),
    ("another delimiter", b"data_source;source_person_id\nd;1\n", "missing_columns"),
    ("source_person_id missing", b"data_source,first_name\nd,x\n", "missing_columns"),
    ("a list of true persons", b"data_source,source_person_id,human\nd,1,Ann\n", "no_attributes"),
    ("nothing but ids", b"source_person_id,data_source\n1,d\n", "no_attributes"),
    ("duplicate header", b"data_source,source_person_id,phone,Phone\nd,1,2,3\n", "duplicate_header"),
    ("duplicate unknown header", b"data_source,source_person_id,x, X\nd,1,2,3\n", "duplicate_header"),
    ("10,000 columns", b"data_source,source_person_id" + b",x" * 9_998 + b"\n", "too_many_columns"),
    ("a quote open at the end", HEADER + b'd,1,Ann\nd,2,"Bob\nd,3,Eve\n', "unbalanced_quote"),
    ("a quote open at the end of the last column", HEADER + b'd,2,"Bob\n', "unbalanced_quote"),
    ("a quote open in the header", b'data_source,"source_person_id\nd,1\n', "unbalanced_quote"),
    ("broken quotes in the header", b'data_source,"source_person_id"x\nd,1\n', "bad_header"),
    ("undecodable header", b"data_source,source_person_id,na\xefve\nd,1,x\n", "bad_header"),
    ("NUL in the header", b"data_source,source_person_id,a\0\nd,1,x\n", "bad_header"),
]


@pytest.mark.parametrize(("content", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
@pytest.mark.parametrize("block_bytes", [8 << 20, 5])
def test_an_object_that_cannot_be_read_at_all_is_refused_by_name_and_without_values(
    con: duckdb.DuckDBPyConnection, content: bytes, reason: str, block_bytes: int
) -> None:
    with pytest.raises(UnreadableObjectError) as refused:
        read(con, content, "inbox/a.csv", limits=ReadLimits(block_bytes=block_bytes))
    assert refused.value.reason_code == reason
    assert "inbox/a.csv" in str(refused.value)
    assert "Ann" not in str(refused.value)
    assert "Bob" not in str(refused.value)


def test_an_open_quote_names_the_line_where_it_was_opened(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnreadableObjectError, match="line 3:"):
        read(con, HEADER + b'd,1,Ann\nd,2,"Bob\nd,3,Eve\n')


def test_a_row_without_end_is_refused_before_memory_runs_out(con: duckdb.DuckDBPyConnection) -> None:
    content = HEADER + b'd,1,"' + b"x\n" * 5_000
    with pytest.raises(UnreadableObjectError, match="line 2:") as refused:
        read(con, content, limits=ReadLimits(block_bytes=100, max_row_bytes=1_000))
    assert refused.value.reason_code == "row_too_long"


def test_a_field_of_a_megabyte_rejects_its_row_and_8_kilobytes_are_kept(con: duckdb.DuckDBPyConnection) -> None:
    content = HEADER + b"d,1,a\nd,2," + b"x" * 1_000_000 + b"\nd,3,c\n"
    for block_bytes in (8 << 20, 1_000):
        result = read(con, content, limits=ReadLimits(block_bytes=block_bytes))
        assert result.lines == [2, 4]
        assert [row[:3] for row in result.rejected] == [(3, "value_too_long", "first_name")]
        assert result.rejected[0][3] == b"d,2," + b"x" * (8_192 - 4)


def test_the_limits_of_lengths_are_inclusive_and_in_bytes(con: duckdb.DuckDBPyConnection) -> None:
    limits = ReadLimits(max_value_bytes=6, max_identity_bytes=4)
    content = HEADER + "d,1,aaaaaa\nd,2,ééé\nd,3,éééé\nd,4444,x\nd,55555,x\nddddd,6,x\n".encode()
    result = read(con, content, limits=limits)
    assert result.lines == [2, 3, 5]
    assert [row[:3] for row in result.rejected] == [
        (4, "value_too_long", "first_name"),
        (6, "value_too_long", "source_person_id"),
        (7, "value_too_long", "data_source"),
    ]


def test_a_rejected_row_is_kept_as_it_was_delivered(con: duckdb.DuckDBPyConnection) -> None:
    content = HEADER + b'd,0,x\r\nd,"","a\r\nb"\r\nd,\xe9,"q"\r\n"d" x,3,z\r\nd,4\r\n'
    assert [(row[0], row[3]) for row in read(con, content).rejected] == [
        (3, b'd,"","a\r\nb"'),
        (5, b'd,\xe9,"q"'),
        (6, b'"d" x,3,z'),
        (7, b"d,4"),
    ]


def test_ten_thousand_bad_rows_in_a_row_leave_the_good_ones(con: duckdb.DuckDBPyConnection) -> None:
    content = HEADER + b"d,1,a\n" + b"d,2\n" * 10_000 + b"d,3,c\n"
    result = read(con, content)
    assert result.lines == [2, 10_003]
    assert len(result.rejected) == 10_000


def test_batches_are_bounded_and_lines_go_on_across_them(con: duckdb.DuckDBPyConnection) -> None:
    content = HEADER + b"".join(b"d,%d,x\n" % at for at in range(1_000)) + b",0,x\n"
    result = read(con, content, limits=ReadLimits(max_batch_rows=300))
    assert result.lines == list(range(2, 1_002))
    assert result.column("source_person_id") == [str(at) for at in range(1_000)]
    assert [row[0] for row in result.rejected] == [1_002]
    assert result.rejected[0][3] == b",0,x"


def test_a_layout_maps_names_leaves_columns_out_and_fills_constants(con: duckdb.DuckDBPyConnection) -> None:
    layout = SourceLayout(
        prefix="inbox/lab/",
        mapping={"MRN": "source_person_id", "Nachname": "last_name", "Loaded At": None},
        constants={"data_source": "lab", "state": "wa"},
        delimiter=";",
        encoding="latin-1",
    )
    content = "mrn;nachname;loaded at;state;memo\n1;Müller;today;;\n2;Sørensen;today;or;hi\n".encode("latin-1")
    result = read(con, content, "inbox/lab/x.csv", layout)
    assert result.column("data_source") == ["lab", "lab"]
    assert result.column("last_name") == ["Müller", "Sørensen"]
    assert result.column("state") == ["wa", "or"]
    assert result.column("extra") == [None, '{"memo":"hi"}']
    assert result.unknown == ("memo",)


def test_a_delivered_data_source_goes_before_the_constant_but_white_space_is_not_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    layout = SourceLayout(constants={"data_source": "lab"})
    result = read(con, b"data_source,source_person_id,sex\nd,1,\n,2,\n  ,3,\n", layout=layout)
    assert result.column("data_source") == ["d", "lab"]
    assert [row[:3] for row in result.rejected] == [(4, "missing_data_source", "data_source")]


def test_bytes_unknown_in_the_declared_encoding_reject_their_row_only(con: duckdb.DuckDBPyConnection) -> None:
    result = read(con, HEADER + b"d,1,\x80\nd,2,\x81\nd,3,z\n", layout=SourceLayout(encoding="cp1252"))
    assert result.column("first_name") == ["€", "z"]
    assert [row[:3] for row in result.rejected] == [(3, "undecodable", "first_name")]


def test_utf16_with_a_byte_order_mark_is_read_without_a_setting(con: duckdb.DuckDBPyConnection) -> None:
    result = read(con, "data_source,source_person_id,first_name\r\nd,1,René\r\n".encode("utf-16"))
    assert result.column("first_name") == ["René"]


def test_tab_separated_and_gzipped_objects_are_read(con: duckdb.DuckDBPyConnection) -> None:
    content = b"data_source\tsource_person_id\tsex\nd\t1\tF\n"
    assert read(con, content, "a.tsv").lines == [2]
    assert read(con, gzipped(content), "a.tsv.gz").lines == [2]
    assert read(con, gzipped(HEADER) + gzipped(b"d,1,x\n"), "a.csv").lines == [2], "members follow each other"


def naive_rows(text: bytes, columns: int) -> tuple[list[tuple[int, list[bytes]]], list[tuple[int, str]]] | None:
    """The rules of CSV character by character; None where a quote is open at the end."""
    accepted, rejected, at, line = [], [], 0, 1

    def line_end(at: int) -> int:
        return 2 if text[at : at + 2] == b"\r\n" else 1 if text[at : at + 1] in (b"\r", b"\n") and at < len(text) else 0

    while at < len(text):
        start, started, fields, broken = at, line, [], False
        while True:
            value = b""
            if text[at : at + 1] == b'"':
                at += 1
                while True:
                    if at >= len(text):
                        return None
                    if text[at : at + 2] == b'""':
                        value, at = value + b'"', at + 2
                    elif text[at : at + 1] == b'"':
                        at += 1
                        break
                    elif size := line_end(at):
                        value, at, line = value + text[at : at + size], at + size, line + 1
                    else:
                        value, at = value + text[at : at + 1], at + 1
                broken = at < len(text) and text[at : at + 1] != b"," and not line_end(at)
                if broken:
                    break
            else:
                while at < len(text) and text[at : at + 1] != b"," and not line_end(at):
                    value, at = value + text[at : at + 1], at + 1
            fields.append(value)
            if text[at : at + 1] != b"," or at >= len(text):
                break
            at += 1
        if broken:
            at, line = start, started
            while at < len(text) and not line_end(at):
                at += 1
            rejected.append((started, "unparsable_row"))
        elif at > start:
            if len(fields) == columns:
                accepted.append((started, fields))
            else:
                rejected.append((started, "field_count"))
        at, line = at + line_end(at), line + 1
    return accepted, rejected


TEXTS = st.lists(st.sampled_from(['"', '""', ",", "\n", "\r\n", "\r", "a", "bc", "\ufeff", "é", '","', '"\n"', "\n\n"]))


@settings(max_examples=600, deadline=None)
@given(texts=TEXTS, block_bytes=st.sampled_from([1, 3, 8, 1 << 20]), piece_bytes=st.sampled_from([4, 16, 1 << 20]))
@example(texts=['"', "\n", '"', "\n", "a", ",", "b"], block_bytes=1 << 20, piece_bytes=4)
def test_blocks_pieces_and_arrow_give_what_reading_character_by_character_gives(
    texts: list[str], block_bytes: int, piece_bytes: int
) -> None:
    body = "".join(texts).encode()
    header, layout = b"source_person_id,sex\n", SourceLayout(constants={"data_source": "d"})
    expected = naive_rows(header + body, 2)
    limits, refused = ReadLimits(block_bytes=block_bytes), None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(csv_blocks, "_PIECE_BYTES", piece_bytes)
        try:
            reader = csv_blocks.CsvReader(io.BytesIO(header + body), "a.csv", ",", layout, limits)
            parsed = list(reader.rows())
        except UnreadableObjectError as refusal:
            refused = refusal.reason_code
    assert (expected is None) == (refused == "unbalanced_quote")
    if expected is None:
        return
    accepted = [
        (line, list(fields))
        for rows in parsed
        for line, *fields in zip(rows.line_numbers.to_pylist(), *(cell.to_pylist() for cell in rows.cells), strict=True)
    ]
    rejected = [(row.line_number, row.reason_code) for rows in parsed for row in rows.unparsed]
    assert accepted == expected[0][1:]
    assert rejected == expected[1]


@pytest.mark.parametrize(
    "body",
    [
        b"d,1,a\n" * 500,
        b'"d","1","a, ""b"""\r\n' * 500,
        b'd,1,"a\nb"\n' * 500,
        b'd,1,5"\n' * 500,
        b"d,1,a\n\n" * 500,
        b"d,1,a\nd,2\n" * 500,
        b"d,1,\xe9\n" * 500,
    ],
    ids=["plain", "quoted", "inner lines", "quote as a character", "blank lines", "field count", "undecodable"],
)
def test_common_files_good_or_bad_are_not_read_row_by_row(
    con: duckdb.DuckDBPyConnection, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_singly = []
    row = CsvGrammar.row
    monkeypatch.setattr(CsvGrammar, "row", lambda *given: read_singly.append(1) or row(*given))
    result = read(con, HEADER + body)
    assert len(result.accepted) + len(result.rejected) >= 500
    assert len(read_singly) == 1, "only the header"
