"""A batch killed with SIGKILL at the places where something is about to be, or has just been, written."""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from empi_pipeline.automation.local import Pipeline, RunOutcome, pipeline
from empi_pipeline.errors import ConflictError
from empi_pipeline_tests.deliveries import HEADER, HOSPITAL, PAYER, deliver, load, without_ids
from empi_pipeline_tests.whole_pipeline import fresh_index

DELIVERY = {
    "hospital.csv": HOSPITAL,
    "payer.csv": PAYER + b"payer,too,few\n",
    "unreadable.csv": b"no,ids\n1,2\n",
    "late.csv": HEADER + b"lab,l1,Grace,Hopper,F,1966-12-09,345-67-8901,9 Elm Road,Peoria,IL,61602,309-444-3456\n",
}
EARLIER = {"earlier.csv": HEADER + b"payer,p9,Alan,Turing,M,1972-06-23,234-56-7890,7 Oak Ave,Springfield,IL,62702,\n"}

# module:function as the caller finds it, and whether the kill comes before or after its work.
# Each costs some fifteen seconds: the default run takes one of each room, `make test-long` all.
KILLS = [
    pytest.param("empi_pipeline.intake.taking_in:copy_in:after", marks=pytest.mark.long),
    "empi_pipeline.intake.ledger:mark_read:after",
    pytest.param("empi_pipeline.intake.ledger:mark_failed:after", marks=pytest.mark.long),
    pytest.param("empi_pipeline.io_managers.postgres:replace_batch:after", marks=pytest.mark.long),
    pytest.param("empi_pipeline.linkage.index_scoring:store:before", marks=pytest.mark.long),
    "empi_pipeline.linkage.index_scoring:store:after",
    pytest.param("empi_pipeline.assets.identity:apply_batch:before", marks=pytest.mark.long),
    "empi_pipeline.assets.identity:apply_batch:after",
    pytest.param("empi_pipeline.publishing:publish:after", marks=pytest.mark.long),
    "empi_pipeline.publishing:export_new_changes:after",
    pytest.param("empi_pipeline.intake.ledger:mark_applied:after", marks=pytest.mark.long),
]

_KILLED = """
import importlib, os, signal, sys
from empi_pipeline.automation.local import pipeline
batch_id, place = sys.argv[1:]
with pipeline() as running:
    import empi_pipeline.definitions
    module, name, when = place.split(":")
    target = importlib.import_module(module)
    original = getattr(target, name)
    def killed(*arguments, **options):
        if when == "after":
            original(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(target, name, killed)
    running.run_batch(batch_id)
"""


@pytest.fixture(scope="module")
def undisturbed(
    postgres_server: str, dagster_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The index after the same deliveries without a kill."""
    del dagster_template
    with fresh_index(postgres_server, tmp_path_factory.mktemp("undisturbed")), pipeline() as running:
        load(running, EARLIER)
        load(running, DELIVERY)
        yield without_ids(running)


@pytest.mark.parametrize("place", KILLS)
def test_a_batch_killed_anywhere_and_run_again_ends_as_if_nothing_had_happened(
    running: Pipeline, undisturbed: dict[str, Any], place: str
) -> None:
    load(running, EARLIER)
    batch_id = deliver(running, DELIVERY)
    killed = subprocess.run([sys.executable, "-c", _KILLED, batch_id, place], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()[-2000:]
    assert _run_once_free(running, batch_id).success
    assert without_ids(running) == undisturbed


def _run_once_free(running: Pipeline, batch_id: str) -> RunOutcome:
    """The claim of a killed process goes when Postgres notices that its connection is gone."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return running.run_batch(batch_id)
        except ConflictError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
