"""`python -m benchmarks.daemon [SIZE]`: where each second goes between a landed file and the committed crosswalk.

A synthetic population of SIZE is brought into an index; then `empi up` runs on it, and files of 1,000 more records are
moved into its inbox, one after the other, each when the one before is applied and the machine is at rest. The table is
made of what Dagster and the ledger wrote down themselves: the sensor's ticks, the events of the run, the batch.

With `--home FOLDER` the index is kept there, with files for some more rounds, and used again the next time.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.daemon.stretches import Stretches, sensor_ticked, stretches_of
from benchmarks.small_files.drops import inbox, records_of
from benchmarks.speed.__main__ import records
from benchmarks.speed.loads import bring_in, people, run
from empi_pipeline.intake import ledger
from empi_pipeline.postgres import connect

_STORED_FILES = 12
_REST_SECONDS = 8.0
_PATIENCE_SECONDS = 300.0
_INTERVAL_ROW = "landed, until the sensor looks"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", nargs="?", default="100k", metavar="SIZE", help="records, such as 10k or 1M")
    parser.add_argument(
        "--rounds", type=int, default=3, help="files, one after the other; the median is shown; 0 only makes the index"
    )
    parser.add_argument("--batch", type=int, default=1_000, help="records of a file")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="keep the index here, and use it again")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    chosen = parser.parse_args()
    for name in ("DAGSTER_HOME", "EMPI_POSTGRES_URL", "EMPI_DAGSTER_POSTGRES_URL", "EMPI_S3_BUCKET", "EMPI_CONFIG"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="empi-bench-") as folder:
        home = (chosen.home or Path(folder)).resolve()
        os.environ["EMPI_HOME"] = str(home)
        waiting = home / "benchmark"
        if not waiting.exists():
            build(home, waiting, records(chosen.size), chosen.batch, chosen.seed)
        if not chosen.rounds:
            return
        rounds = measure(waiting, chosen.rounds)
    show(rounds)
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        chosen.json.write_text(json.dumps({"machine": machine, "rounds": rounds}, indent=2), encoding="utf-8")


def build(home: Path, waiting: Path, size: int, batch: int, seed: int) -> None:
    """An index of so many records, and files of further ones."""
    from empi_pipeline.automation.local import pipeline, prepare_dagster_storage

    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="empi-bench-people-") as folder:
        made = people(Path(folder) / "people", size, batch * _STORED_FILES, seed)
        first, second = (Path(folder) / "people" / delivery for delivery in made.deliveries)
        with pipeline() as running:
            prepare_dagster_storage()
            run(running, bring_in(running, first), lambda _: None)
        header, *rows = records_of(second, batch * _STORED_FILES)
    written = home / "benchmark.part"
    shutil.rmtree(written, ignore_errors=True)
    written.mkdir()
    for number, start in enumerate(range(0, len(rows), batch)):
        (written / f"{number:02d}.csv").write_bytes(header + b"".join(rows[start : start + batch]))
    written.rename(waiting)


def measure(waiting: Path, rounds: int) -> list[Stretches]:
    """The stretches of each file, by name, in seconds."""
    from empi_pipeline.automation.local import prepare_dagster_home
    from empi_pipeline.servers import servers

    found = []
    with servers() as used, up():
        prepare_dagster_home()
        begun = time.time()
        while not sensor_ticked(begun):
            time.sleep(1)
        for path in sorted(waiting.glob("*.csv"))[:rounds]:
            time.sleep(_REST_SECONDS)
            landed = time.time()
            path.rename(inbox() / f"{landed:.0f}.csv")
            with connect(used.postgres_url, autocommit=True) as connection:
                batch_id = applied(connection, landed)
                time.sleep(2)  # The run says that it ended a moment after the batch is applied.
                found.append(stretches_of(connection, batch_id, landed))
    return found


def applied(connection: ledger.Connection, since: float) -> str:
    """The id of the batch that was formed and applied since then."""
    while time.time() - since < _PATIENCE_SECONDS:
        newest = ledger.batches(connection, limit=1)
        if newest and newest[0].created_at.timestamp() > since and newest[0].status == "applied":
            return newest[0].batch_id
        time.sleep(0.5)
    raise SystemExit("the file was not taken in; the logs are in the folder `logs` of EMPI_HOME")


@contextmanager
def up() -> Iterator[None]:
    """`empi up`, until it says that it runs."""
    command = [sys.executable, "-m", "empi_pipeline.cli", "up", "--port", "0", "--api-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if b"running; Ctrl-C" in line:
                break
        else:
            raise SystemExit("`empi up` did not start")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.close()
        process.wait(60)


def show(rounds: list[Stretches]) -> None:
    """One line a stretch: the median, and each round."""
    names = [name for name in rounds[0] if all(name in each for each in rounds)]
    print(f"{'':<44}{'median, s':>12}   rounds")
    for name in names:
        line([each[name] for each in rounds], name)
    totals = [sum(each.values()) for each in rounds]
    line(totals, "in all")
    line([total - each[_INTERVAL_ROW] for total, each in zip(totals, rounds, strict=True)], "without the interval")


def line(seconds: list[float], name: str) -> None:
    """One line of the table."""
    print(f"{name:<44}{statistics.median(seconds):>12.2f}   {'  '.join(f'{each:.2f}' for each in seconds)}")


if __name__ == "__main__":
    main()
