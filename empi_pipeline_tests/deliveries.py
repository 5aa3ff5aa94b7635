"""Small deliveries, and what an index looks like apart from ids and times."""

import io
from collections.abc import Mapping
from typing import Any

from empi_pipeline.automation.local import Pipeline, RunOutcome
from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import BatchLimits, plan
from empi_pipeline.settings import INBOX_PREFIX

HEADER = (
    b"data_source,source_person_id,first_name,last_name,sex,birth_date,social_security_number,"
    b"address,city,state,zip_code,phone\n"
)

# Ada three times (two sources, one retyped), Alan twice, Grace once.
HOSPITAL = HEADER + (
    b"hospital,h1,Ada,Lovelace,F,1975-12-10,123-45-6789,12 Main Street,Springfield,IL,62701,217-555-1234\n"
    b"hospital,h2,Alan,Turing,M,1972-06-23,234-56-7890,7 Oak Avenue,Springfield,IL,62702,217-444-2345\n"
    b"hospital,h3,Grace,Hopper,F,1966-12-09,345-67-8901,9 Elm Road,Peoria,IL,61602,309-444-3456\n"
)
PAYER = HEADER + (
    b"payer,p1,Ada,Lovelace,F,1975-12-10,123-45-6789,12 Main St,Springfield,IL,62701,217-555-1234\n"
    b"payer,p2,Alan,Turing,M,1972-06-23,234-56-7890,7 Oak Ave,Springfield,IL,62702,217-444-2345\n"
    b"payer,p3,Ada,Lovelace,F,1975-12-10,123-45-6789,12 Main St,Springfield,IL,62701,217-555-1234\n"
)
EXPECTED_PERSONS = {
    frozenset({("hospital", "h1"), ("payer", "p1"), ("payer", "p3")}),
    frozenset({("hospital", "h2"), ("payer", "p2")}),
    frozenset({("hospital", "h3")}),
}


def deliver(running: Pipeline, files: Mapping[str, bytes]) -> str:
    """Put files into the inbox and form a batch of what is new there."""
    store = running.object_store()
    for name, content in files.items():
        store.put(INBOX_PREFIX + name, io.BytesIO(content))
    listing = store.list(INBOX_PREFIX)
    with running.connect() as connection:
        planned = plan(listing, ledger.known_arrivals(connection, listing), BatchLimits())
        batch_id = ledger.form_batch(connection, planned.arrivals)
    assert batch_id is not None
    return batch_id


def load(running: Pipeline, files: Mapping[str, bytes]) -> RunOutcome:
    """Deliver files and run their batch."""
    return running.run_batch(deliver(running, files))


def persons(running: Pipeline) -> set[frozenset[tuple[str, str]]]:
    """The source identities of each living person."""
    with running.connect() as connection:
        rows = connection.execute(
            "select person_id, data_source, source_person_id from publishing.crosswalk"
        ).fetchall()
    found: dict[Any, set[tuple[str, str]]] = {}
    for person_id, data_source, source_person_id in rows:
        found.setdefault(person_id, set()).add((data_source, source_person_id))
    return {frozenset(each) for each in found.values()}


def without_ids(running: Pipeline) -> dict[str, Any]:
    """Everything that must come out the same however often a batch was killed: all but random ids and times."""
    queries = {
        "raw": "select encode(content_hash, 'hex'), batch_id, line_number from raw.person_records order by 1",
        "rejected": "select batch_id, line_number, reason_code from raw.rejected_rows order by 1, 2, 3",
        "arrivals": (
            "select status, rows_delivered, rows_new, rows_known, rows_rejected from intake.arrivals"
            " order by arrival_id"
        ),
        "cleaned": "select count(*), count(distinct record_id) from cleaned.person_records",
        "predictions": (
            "select encode(least(l.content_hash, r.content_hash), 'hex'),"
            " encode(greatest(l.content_hash, r.content_hash), 'hex'), round(match_weight::numeric, 9)"
            " from matching.predictions join raw.person_records as l on l.record_id = record_id_l"
            " join raw.person_records as r on r.record_id = record_id_r order by 1, 2"
        ),
        "events": "select change_id, kind, count(*) from identity.events group by 1, 2 order by 1, 2",
        "changes": "select change_id, kind, batch_id, event_count from identity.changes order by 1",
        "cases": (
            "select kind, status, version, person_count, record_count from identity.review_cases order by 1, 2, 3, 4, 5"
        ),
        "feed": (
            "select change_id, kind, data_source, source_person_id from publishing.crosswalk_changes"
            " order by 1, 2, 3, 4"
        ),
        "batches": "select batch_id, status from intake.batches order by 1",
    }
    with running.connect() as connection:
        state: dict[str, Any] = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    state["persons"] = persons(running)
    return state
