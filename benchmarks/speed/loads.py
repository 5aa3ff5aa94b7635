"""Indexes of their own, and batches brought into them through the real Dagster job."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import BatchLimits, plan
from empi_pipeline.settings import INBOX_PREFIX
from empi_pipeline.synthetic import Plan, Shares, Summary, generate

if TYPE_CHECKING:
    from empi_pipeline.automation.local import Pipeline


@contextmanager
def fresh_index() -> Iterator["Pipeline"]:
    """The pipeline on embedded servers of its own."""
    from empi_pipeline.automation.local import pipeline, prepare_dagster_storage

    with tempfile.TemporaryDirectory(prefix="empi-bench-") as home:
        os.environ["EMPI_HOME"] = home
        for name in ("DAGSTER_HOME", "EMPI_POSTGRES_URL", "EMPI_DAGSTER_POSTGRES_URL", "EMPI_S3_BUCKET", "EMPI_CONFIG"):
            os.environ.pop(name, None)
        with pipeline() as running:
            prepare_dagster_storage()
            yield running


def people(folder: Path, records: int, batch: int, seed: int) -> Summary:
    """A first load, and a batch of about so many further records, most of them of people who are known already."""
    first = records + records // 200  # The share is one of chance: surely not fewer than asked for.
    shares = replace(Shares(), first_delivery_share=first / (first + batch), updated=0.0)
    return generate(Plan(first + batch, seed=seed, deliveries=2, shares=shares), folder)


def bring_in(running: "Pipeline", folder: Path) -> str:
    """Put a delivery into the inbox and make one batch of it; its id."""
    store = running.object_store()
    for path in sorted(folder.rglob("*.csv")):
        with path.open("rb") as file:
            store.put(f"{INBOX_PREFIX}{folder.name}/{path.parent.name}/{path.name}", file)
    listing = store.list(INBOX_PREFIX)
    with running.connect() as connection:
        arrived = plan(listing, ledger.known_arrivals(connection, listing), BatchLimits())
        batch_id = ledger.form_batch(connection, arrived.arrivals)
    assert batch_id is not None
    return batch_id


def run(running: "Pipeline", batch_id: str, step: Callable[[str], None]) -> None:
    """Run a batch; `step` is told the name of each step that begins."""
    outcome = running.run_batch(batch_id, step)
    assert outcome.success, outcome


def plan_rematch(running: "Pipeline", step: Callable[[str], None]) -> None:
    """Score the whole index again and tell what would change, without changing it."""
    outcome = running.run_rematch(step, apply=False)
    assert outcome.success, outcome
