"""What a batch costs follows what it brings, not what the index holds: counted in statements and rows read."""

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.linkage import key_index
from empi_pipeline_tests.deliveries import HEADER, load

SMALL, LARGE, BATCH = 400, 4_000, 60


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement and COPY sent to the index, in order."""
    sent: list[str] = []
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

    def counted_execute(cursor: object, query: object, *arguments: object, **options: object) -> object:
        sent.append("statement")
        return execute(cursor, query, *arguments, **options)  # type: ignore[arg-type]

    def counted_copy(cursor: object, statement: object, *arguments: object, **options: object) -> object:
        sent.append("copy")
        return copy(cursor, statement, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Cursor, "execute", counted_execute)
    monkeypatch.setattr(psycopg.Cursor, "copy", counted_copy)
    return sent


def rows(source: str, people: Iterator[int] | range) -> bytes:
    """One record each of people who share nothing."""
    lines = []
    for number in people:
        born = date(1930, 1, 1) + timedelta(days=number * 37 % 25_000)
        ssn = f"{number % 600 + 100:03d}-{number % 89 + 10}-{number % 9_000 + 1_000}"
        phone = f"{number % 700 + 210}-{number // 7 % 700 + 220}-{number * 7 % 9_000 + 1_000}"
        given, family, street, town = (_letters(number * each + 11) for each in (7919, 104_729, 15_485, 32_452))
        lines.append(
            f"{source},{source}{number},{given},{family},F,{born},{ssn},"
            f"{number} {street} st,{town},IL,{10_000 + number},{phone}\n"
        )
    return HEADER + "".join(lines).encode()


def _letters(number: int) -> str:
    text = ""
    for _ in range(7):
        number, place = divmod(number, 21)
        text += "bcdfghjklmnpqrstvwxzy"[place] + "aeiou"[place % 5]
    return text


def rows_read(running: Pipeline) -> dict[str, int]:
    """Rows that Postgres has read of each table so far, by scans and by index."""
    with running.connect(autocommit=True) as connection:
        found = connection.execute(
            "select relid::regclass::text, seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables"
        ).fetchall()
    return dict(found)


def test_a_batch_into_a_larger_index_runs_as_many_statements_and_reads_no_more_rows(
    running: Pipeline, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tables of a few thousand rows are scanned for a good reason; without that, what has no index stands out.
    monkeypatch.setattr(key_index, "_INDEXED_FROM_ROWS", 200)
    database = conninfo_to_dict(running.servers.postgres_url)["dbname"]
    with running.connect(autocommit=True) as connection:
        for way in ("seqscan", "mergejoin"):
            connection.execute(f'alter database "{database}" set enable_{way} = off')
    costs = []
    for first, size in ((0, SMALL), (SMALL, LARGE)):
        loaded = range(first, size)
        assert load(running, {f"first{size}.csv": rows("a", loaded)}).success
        with running.connect(autocommit=True) as connection:
            connection.execute("analyze")  # As autovacuum does, a minute later.
        # Half of the batch is about people of the index, half about new ones.
        batch = [*range(size - BATCH // 2, size), *range(50_000 + size, 50_000 + size + BATCH // 2)]
        before = rows_read(running)
        statements.clear()
        assert load(running, {f"batch{size}.csv": rows("b", iter(batch))}).success
        sent = (statements.count("statement"), statements.count("copy"))
        after = rows_read(running)
        costs.append((sent, {table: after[table] - before.get(table, 0) for table in after}))
    (small_sent, small_read), (large_sent, large_read) = costs
    # How many rounds it takes to follow the records reached, and whether statistics are due, is a matter of chance.
    assert abs(large_sent[0] - small_sent[0]) <= 5, (small_sent, large_sent)
    assert small_sent[1] == large_sent[1]
    # Not of raw and cleaned records: the check of drift samples up to 20,000, which here are all there are, and at this
    # size the planner may join them whole.
    for table in (
        "identity.membership",
        "identity.persons",
        "identity.events",
        "identity.case_pairs",
        "matching.predictions",
        f"matching.blocking_keys_{_model_id(running)}",
        "matching.term_frequencies",
        "publishing.crosswalk",
        "publishing.crosswalk_changes",
    ):
        assert large_read[table] <= 1.2 * small_read[table] + 3 * BATCH, (table, small_read[table], large_read[table])


def _model_id(running: Pipeline) -> int:
    with running.connect() as connection:
        return int(connection.execute("select model_id from matching.model where is_active").fetchall()[0][0])
