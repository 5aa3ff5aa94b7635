import pyarrow as pa
from psycopg import sql

from empi_pipeline.postgres import Connection, copy_in, copy_out, read_packed

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("word", pa.string()),
        ("levels", pa.list_(pa.int16())),
        ("weights", pa.list_(pa.float32())),
        ("digest", pa.binary()),
        ("probability", pa.float64()),
    ]
)
ROWS = [
    (1, "", [1, -1], [1.5], b"\x00a", 0.1 + 0.2),
    (2, None, None, [2.25, None], None, 1e-300),
    (3, 'quote " comma , line\nbreak\r\n', [], None, b"zz", None),
    (None, "\\N", [0], [0.0], b"", 1.0),
    (5, "NULL", [7], [-3.5], b"\xff", 0.5),
    (6, "żółć 漢字 🙂", [7], [-3.5], b"\xff", 0.5),
]
TABLE = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in ROWS], schema=SCHEMA)


def _make(connection: Connection) -> None:
    connection.execute(
        "create table public.sample (number bigint, word text, levels smallint[], weights real[], digest bytea,"
        " probability double precision, batch_id text)"
    )


def test_a_table_comes_back_as_it_was_sent_with_null_and_empty_apart(connection: Connection) -> None:
    _make(connection)
    assert copy_in(connection, "public.sample", TABLE, constants={"batch_id": "b"}) == 6
    query = sql.SQL("select number, word, levels, weights, digest, probability from public.sample")
    assert copy_out(connection, query, SCHEMA).to_pylist() == TABLE.to_pylist()
    assert connection.execute("select distinct batch_id from public.sample").fetchall() == [("b",)]


def test_a_stream_of_batches_is_sent_whole_and_an_empty_one_sends_nothing(connection: Connection) -> None:
    _make(connection)
    assert copy_in(connection, "public.sample", iter(TABLE.to_batches(max_chunksize=2))) == 6
    assert copy_in(connection, "public.sample", iter([])) == 0
    assert copy_in(connection, "public.sample", TABLE.slice(0, 0)) == 0


def test_a_slice_sends_its_own_lists(connection: Connection) -> None:
    _make(connection)
    copy_in(connection, "public.sample", TABLE.slice(3, 2))
    assert connection.execute("select levels, weights from public.sample order by number").fetchall() == [
        ([7], [-3.5]),
        ([0], [0.0]),
    ]


def test_parameters_of_a_read_are_bound_not_pasted(connection: Connection) -> None:
    _make(connection)
    copy_in(connection, "public.sample", TABLE)
    schema = pa.schema([("number", pa.int64())])
    query = "select number from public.sample where word = %(word)s"
    assert copy_out(connection, query, schema, {"word": 'quote " comma , line\nbreak\r\n'}).to_pylist() == [
        {"number": 3}
    ]
    assert copy_out(connection, query, schema, {"word": "' or true --"}).num_rows == 0


def test_packed_rows_come_back_as_they_were_however_they_are_written(connection: Connection) -> None:
    words = [
        "",
        None,
        'quote " comma , line\nbreak\r\n',
        "\\N",
        "NULL",
        "(",
        ")",
        "a\\b c",
        "\\",
        '"',
        "żółć 🙂",
        " ",
        "\t",
    ]
    schema = pa.schema([("number", pa.int64()), ("first", pa.string()), ("last", pa.string())])
    rows = [
        {"number": number, "first": one, "last": other} for number, one in enumerate(words) for other in reversed(words)
    ]
    rows = [{**row, "number": 65_536 * place // 50} for place, row in enumerate(rows)]
    connection.execute("create table public.sample (number bigint, first text, last text)")
    copy_in(connection, "public.sample", pa.Table.from_pylist(rows, schema))
    query = sql.SQL("select number, first, last from public.sample where number >= %(least)s")
    read = read_packed(connection, query, schema, {"least": 2000})
    assert read.schema == schema
    assert sorted(read.to_pylist(), key=str) == sorted((row for row in rows if row["number"] >= 2000), key=str)
    assert read_packed(connection, query, schema, {"least": 10_000_000}).to_pylist() == []
