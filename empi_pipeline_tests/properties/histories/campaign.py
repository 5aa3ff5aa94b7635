"""Lives many random histories in several processes, remembers which, and goes on where it was stopped."""

import json
import logging
import multiprocessing
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.identity import settle
from empi_pipeline.postgres import connect
from empi_pipeline_tests.conftest import TEMPLATE
from empi_pipeline_tests.properties.histories.life import Life

STEPS = 12
_FRESH_EVERY = 200
"""Histories in one database: what they leave behind in the catalogues slows it down."""


@contextmanager
def database_of_histories(server: str) -> Iterator[str]:
    """URL of a migrated database."""
    # A killed client warns that it could not roll back.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    name = f"histories_{uuid.uuid4().hex}"
    with connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE}")
    new_person_ids = settle.new_person_ids  # Lives put their own in its place.
    try:
        yield database_url(server, name)
    finally:
        settle.new_person_ids = new_person_ids
        with connect(server, autocommit=True) as admin:
            admin.execute(f"drop database {name} with (force)")


def live_through(server: str, seeds: Iterator[int], steps: int) -> Iterator[tuple[int, str | None]]:
    """(seed, what was wrong or None) of each history; a violation does not end the others."""
    seed = next(seeds, None)
    while seed is not None:
        with database_of_histories(server) as url, connect(url) as connection:
            for _ in range(_FRESH_EVERY):
                if seed is None:
                    break
                yield seed, _wrong(Life(connection, url, seed), steps)
                seed = next(seeds, None)


def _wrong(life: Life, steps: int) -> str | None:
    try:
        life.live(steps)
    except Exception:
        return f"{traceback.format_exc()}\n{life.story()}"
    return None


def _work(server: str, todo: Any, done: Any, steps: int) -> None:
    for result in live_through(server, iter(todo.get, None), steps):
        done.put(result)


def tell(line: str) -> None:
    """Report to whoever started it, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def campaign(server: str, seeds: range, steps: int, processes: int, ledger: Path | None) -> list[tuple[int, str]]:
    """Live the histories of all seeds that the ledger does not hold as good already.

    Args:
        server: URL of a PostgreSQL with the template of the tests.
        seeds: Which histories.
        steps: Steps of each.
        processes: How many at once.
        ledger: Where one line of JSON a history goes: seed, steps, what was wrong.

    Returns:
        The seeds of broken histories, and what was wrong.
    """
    lines = [json.loads(line) for line in ledger.read_text().splitlines()] if ledger and ledger.exists() else []
    good = {line["seed"] for line in lines if line["wrong"] is None and line["steps"] == steps}
    wanted = [seed for seed in seeds if seed not in good]
    start, broken = time.monotonic(), list[tuple[int, str]]()
    own = multiprocessing.get_context("spawn")
    todo, done = own.Queue(), own.Queue()
    for seed in [*wanted, *[None] * processes]:
        todo.put(seed)
    workers = [own.Process(target=_work, args=(server, todo, done, steps), daemon=True) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for number in range(1, len(wanted) + 1):
        seed, wrong = done.get()
        if ledger:
            with ledger.open("a") as book:
                book.write(json.dumps({"seed": seed, "steps": steps, "wrong": wrong}) + "\n")
        if wrong:
            broken.append((seed, wrong))
            tell(f"seed {seed}: {wrong}")
        if number % 100 == 0 or number == len(wanted):
            pace = (time.monotonic() - start) / number
            tell(f"{number} of {len(wanted)} histories, {len(broken)} broken, {pace:.2f} s each")
    for worker in workers:
        worker.join()
    return broken
