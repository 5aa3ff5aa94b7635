"""The arrivals ledger in a real Postgres."""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import BatchLimits, ListedObject, plan
from empi_pipeline.postgres import Connection, connect

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Rows:
    delivered: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0


def listed(key: str, version: str = '"e1"', seconds: int = 0) -> ListedObject:
    return ListedObject("bucket", key, version, version, 10, NOON + timedelta(seconds=seconds))


def formed(connection: Connection, *keys: str) -> str:
    batch_id = ledger.form_batch(connection, [listed(key) for key in keys])
    assert batch_id is not None
    return batch_id


def statuses(connection: Connection, batch_id: str) -> list[str]:
    return [arrival.status for arrival in ledger.arrivals_of_batch(connection, batch_id)]


def test_a_batch_is_named_by_day_and_number_and_keeps_the_order_of_its_objects(connection: Connection) -> None:
    first = formed(connection, "inbox/b.csv", "inbox/a.csv")
    second = formed(connection, "inbox/c.csv")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert [first, second] == [f"{today}-000001", f"{today}-000002"]
    arrivals = ledger.arrivals_of_batch(connection, first)
    assert [arrival.object_key for arrival in arrivals] == ["inbox/b.csv", "inbox/a.csv"]
    assert {arrival.batch_id for arrival in arrivals} == {first}
    assert arrivals[0].object_version == '"e1"'
    assert arrivals[0].status == "waiting"


def test_batch_numbers_beyond_six_digits_stay_whole(connection: Connection) -> None:
    connection.execute("alter table intake.batches alter column batch_no restart with 1234567")
    assert formed(connection, "inbox/a.csv").endswith("-1234567")


def test_registered_objects_are_known_and_form_no_second_batch(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv", "inbox/b.csv")
    again = [listed("inbox/b.csv"), listed("inbox/b.csv", '"e2"'), listed("inbox/c.csv")]
    assert ledger.known_arrivals(connection, again) == {again[0].identity}
    assert ledger.form_batch(connection, again[:1]) is None
    assert ledger.form_batch(connection, []) is None
    assert [batch.batch_id for batch in ledger.batches(connection)] == [batch_id]
    second = ledger.form_batch(connection, again)
    assert second is not None
    assert [each.object_version for each in ledger.arrivals_of_batch(connection, second)] == ['"e2"', '"e1"']


def test_two_callers_at_once_make_one_arrival_of_each_object(connection: Connection, database: str) -> None:
    objects = [listed(f"inbox/{at:03}.csv") for at in range(200)]
    start, formed_batches = threading.Barrier(4), []

    def register(chosen: list[ListedObject]) -> None:
        with connect(database) as own:
            start.wait()
            formed_batches.append(ledger.form_batch(own, chosen))

    parts = [objects[:150], objects[50:], objects[:150], objects]
    threads = [threading.Thread(target=register, args=[part]) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = connection.execute("select object_key, batch_id from intake.arrivals").fetchall()
    assert sorted(key for key, _ in rows) == [each.key for each in objects]
    batches = ledger.batches(connection)
    assert {batch.batch_id for batch in batches} == {batch_id for _, batch_id in rows} == set(formed_batches) - {None}
    assert all(batch.objects for batch in batches), "no batch is empty"


def test_a_caller_that_rolls_back_leaves_nothing_and_the_objects_stay_new(
    connection: Connection, database: str
) -> None:
    def die_half_way() -> None:
        with connect(database) as own:
            formed(own, "inbox/a.csv")
            raise KeyError

    with pytest.raises(KeyError):
        die_half_way()
    assert ledger.known_arrivals(connection, [listed("inbox/a.csv")]) == set()
    assert ledger.batches(connection) == []


def test_a_connection_that_commits_each_statement_still_forms_a_batch_whole(database: str) -> None:
    with connect(database, autocommit=True) as own:
        batch_id = formed(own, "inbox/a.csv")
        ledger.mark_failed(own, ledger.arrivals_of_batch(own, batch_id)[0].arrival_id, "bad_gzip", "damaged")
        assert ledger.retry(own, batch_id).objects_waiting == 1


def test_ten_thousand_objects_are_planned_and_registered_in_a_moment(connection: Connection) -> None:
    listing = [listed(f"inbox/{at:05}.csv") for at in range(10_000)]
    chosen = plan(listing, ledger.known_arrivals(connection, listing), BatchLimits())
    began = datetime.now(UTC)
    ledger.form_batch(connection, chosen.arrivals)
    known = ledger.known_arrivals(connection, listing)
    assert datetime.now(UTC) - began < timedelta(seconds=10), "a tick has 60 seconds"
    assert plan(listing, known, BatchLimits()).arrivals == ()


def test_counts_of_objects_add_up_to_those_of_the_batch(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv", "inbox/b.csv", "inbox/c.csv", "inbox/d.csv")
    a, b, c, _ = (arrival.arrival_id for arrival in ledger.arrivals_of_batch(connection, batch_id))
    ledger.mark_read(connection, a, Rows(10, 5, 3, 2), ["email"], None)
    ledger.mark_read(connection, b, Rows(), note="the object is empty: no header, no rows")
    ledger.mark_failed(connection, c, "bad_gzip", "inbox/c.csv: damaged")
    connection.execute(
        "insert into raw.rejected_rows (batch_id, arrival_id, line_number, reason_code) values"
        " (%(b)s, %(a)s, 2, 'field_count'), (%(b)s, %(a)s, 3, 'nul_byte')",
        {"b": batch_id, "a": a},
    )
    read, empty, failed, waiting = ledger.arrivals_of_batch(connection, batch_id)
    assert (read.delivered, read.new, read.known, read.rejected) == (10, 5, 3, 2)
    assert read.rejected_by_reason == Counter(field_count=1, nul_byte=1)
    assert read.unknown_columns == ["email"]
    assert (empty.status, empty.reason) == ("read", "the object is empty: no header, no rows")
    assert (failed.status, failed.reason_code, failed.reason) == ("failed", "bad_gzip", "inbox/c.csv: damaged")
    assert [each.arrival_id for each in ledger.arrivals_of_batch(connection, batch_id, only_waiting=True)] == [
        waiting.arrival_id
    ]
    batch = ledger.batch(connection, batch_id)
    assert (batch.objects, batch.objects_waiting, batch.objects_failed) == (4, 1, 1)
    assert (batch.rows_delivered, batch.rows_new, batch.rows_known, batch.rows_rejected) == (10, 5, 3, 2)


def test_an_object_is_read_once_even_by_two_runs(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv")
    (arrival,) = ledger.arrivals_of_batch(connection, batch_id)
    ledger.mark_read(connection, arrival.arrival_id, Rows(1, 1))
    with pytest.raises(ConflictError):
        ledger.mark_read(connection, arrival.arrival_id, Rows(1, 1))
    with pytest.raises(ConflictError):
        ledger.mark_failed(connection, arrival.arrival_id, "bad_gzip", "damaged")
    assert statuses(connection, batch_id) == ["read"]


def test_open_batches_come_oldest_first_with_their_attempts(connection: Connection) -> None:
    first, second, third = (formed(connection, key) for key in ("inbox/a.csv", "inbox/b.csv", "inbox/c.csv"))
    assert [ledger.count_attempt(connection, first), ledger.count_attempt(connection, first)] == [1, 2]
    ledger.count_attempt(connection, second)
    ledger.mark_applied(connection, second)
    assert [(each.batch_id, each.status, each.attempts) for each in ledger.open_batches(connection)] == [
        (first, "running", 2),
        (third, "waiting", 0),
    ]


def test_the_run_of_a_batch_is_the_last_one_that_worked_on_it(connection: Connection) -> None:
    batch_id, other = formed(connection, "inbox/a.csv"), formed(connection, "inbox/b.csv")
    for run_id in ("run-1", "run-2"):
        ledger.note_run(connection, batch_id, run_id)
    ledger.note_run(connection, "no-such-batch", "run-3")
    rows = connection.execute("select batch_id, last_run_id from intake.batches order by batch_no").fetchall()
    assert rows == [(batch_id, "run-2"), (other, None)]


def test_a_failed_attempt_waits_for_the_next_until_it_is_given_up(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv")
    ledger.count_attempt(connection, batch_id)
    ledger.note_failure(connection, batch_id, "run 1 failed in raw_rows")
    assert ledger.batch(connection, batch_id).status == "waiting"
    ledger.give_up(connection, batch_id, "failed too often")
    batch = ledger.batch(connection, batch_id)
    assert (batch.status, batch.failure_reason) == ("failed", "failed too often; last: run 1 failed in raw_rows")
    assert ledger.open_batches(connection) == []
    ledger.note_failure(connection, batch_id, "late news")
    assert ledger.batch(connection, batch_id).status == "failed"


def test_late_news_of_a_failure_does_not_reopen_an_applied_batch(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv")
    ledger.count_attempt(connection, batch_id)
    ledger.mark_applied(connection, batch_id)
    ledger.note_failure(connection, batch_id, "run 1 failed")
    ledger.give_up(connection, batch_id, "failed too often")
    batch = ledger.batch(connection, batch_id)
    assert (batch.status, batch.failure_reason) == ("applied", None)
    assert batch.finished_at is not None


def test_a_retry_begins_anew_and_reads_what_could_not_be_read(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv", "inbox/b.csv")
    good, bad = (arrival.arrival_id for arrival in ledger.arrivals_of_batch(connection, batch_id))
    ledger.count_attempt(connection, batch_id)
    ledger.mark_read(connection, good, Rows(1, 1))
    ledger.mark_failed(connection, bad, "missing_columns", "inbox/b.csv: no column source_person_id")
    ledger.give_up(connection, batch_id, "failed too often")
    batch = ledger.retry(connection, batch_id)
    assert (batch.status, batch.attempts, batch.failure_reason, batch.objects_failed) == ("waiting", 0, None, 0)
    assert statuses(connection, batch_id) == ["read", "waiting"]
    assert ledger.count_attempt(connection, batch_id) == 1


def test_an_applied_batch_is_retried_only_for_objects_that_could_not_be_read(connection: Connection) -> None:
    batch_id = formed(connection, "inbox/a.csv")
    (arrival,) = ledger.arrivals_of_batch(connection, batch_id)
    ledger.mark_failed(connection, arrival.arrival_id, "missing_columns", "no column")
    ledger.mark_applied(connection, batch_id)
    opened = ledger.retry(connection, batch_id)
    assert (opened.batch_id != batch_id, opened.status, opened.objects_waiting) == (True, "waiting", 1)
    assert ledger.batch(connection, batch_id).status == "applied"
    ledger.mark_read(connection, arrival.arrival_id, Rows(1, 1))
    with pytest.raises(ConflictError, match="nothing to retry"):
        ledger.retry(connection, batch_id)


def test_an_unknown_batch_is_told(connection: Connection) -> None:
    for use in (ledger.batch, ledger.retry, ledger.count_attempt):
        with pytest.raises(NotFoundError, match="no batch 2026-01-01-000001"):
            use(connection, "2026-01-01-000001")


def test_batches_are_listed_newest_first_and_by_status(connection: Connection) -> None:
    ids = [formed(connection, f"inbox/{at}.csv") for at in range(3)]
    ledger.mark_applied(connection, ids[1])
    assert [each.batch_id for each in ledger.batches(connection)] == ids[::-1]
    assert [each.batch_id for each in ledger.batches(connection, limit=1)] == ids[2:]
    assert [each.batch_id for each in ledger.batches(connection, statuses=["applied"])] == [ids[1]]
