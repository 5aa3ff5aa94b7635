"""`python -m benchmarks.api [SIZE]`: how fast the API and the stewards' page answer, on 10k records; ask for 1M.

A synthetic population is loaded by the real pipeline into embedded servers, with two cases of 60 and of 400 persons;
`--keep FOLDER` keeps that index for the next time. One server process, `empi api`, is asked from a second process on
loopback: lists, searches, persons and cases at 50 requests a second, at random moments (open loop: an answer counts
from the moment its request was due); the large cases; pages in Chromium until their first contentful paint (needs
Chromium and the extra `browser`; else ask for the other parts); saves of all kinds, first quiet and then while a batch
of 100,000 records (a tenth of smaller indexes) is brought in, and whether each save that was told to be saved is in the
ledger and in force, and no other. A fresh copy of the index is measured each time.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from benchmarks.api.batch import bringing_in
from benchmarks.api.client import Answered, Asked, Browser, ask_on_schedule
from benchmarks.api.index import LARGE, Index, index
from benchmarks.api.pages import paints
from benchmarks.api.questions import API, questions
from benchmarks.api.saving import KINDS, Save, as_answers, busy, lost_or_left, quiet
from benchmarks.api.server import serving
from benchmarks.speed.__main__ import records
from empi_pipeline.postgres import connect

RATE: Final = 50.0
_ROUNDS: Final = 20
_QUIET: Final = 240
_STEWARDS: Final = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", nargs="?", default="10k", metavar="SIZE", help="records, such as 10k or 1M")
    parser.add_argument(
        "--parts", nargs="*", choices=list(MEASURE), default=list(MEASURE), metavar="PART", help=", ".join(MEASURE)
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the index there, and use it if it is there")
    parser.add_argument("--requests", type=int, default=3_000, help="of lists, searches and details")
    parser.add_argument("--saves", type=int, default=1_000, help="at least so many while a batch is brought in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    chosen = parser.parse_args()
    place = nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory(prefix="empi-bench-api-")
    figures: dict[str, object] = {}
    with place as folder, index(Path(folder).resolve(), records(chosen.size), chosen.seed) as made:
        describe(made)
        for part in chosen.parts:
            with serving(made.url, Path(folder) / "server.log") as address:
                figures[part] = MEASURE[part](made, address, chosen)
                sys.stdout.flush()
    if chosen.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
        chosen.json.write_text(json.dumps({"machine": machine, "parts": figures}, indent=2), encoding="utf-8")


def describe(made: Index) -> None:
    """What the index holds."""
    with connect(made.url) as connection:
        row = connection.execute(
            "select (select count(*) from identity.membership), (select count(*) from identity.persons where"
            " retired_change_id is null), (select count(*) from identity.review_cases where status = 'open'),"
            " pg_size_pretty(pg_database_size(current_database()))"
        ).fetchone()
    assert row
    print(f"{row[0]:,} records of {row[1]:,} persons, {row[2]:,} open cases, {row[3]}; {os.cpu_count()} cores")


def reading(made: Index, address: str, chosen: argparse.Namespace) -> object:
    """Lists, searches and details at 50 a second."""
    browser = Browser(address)

    def answer(asked: Asked) -> object:
        status, body = browser.ask(asked)
        assert status == 200, asked
        return json.loads(body)

    with connect(made.url) as connection:
        asked = questions(connection, answer, chosen.requests + 100, chosen.seed)
    ask_on_schedule(address, asked[:100], RATE, chosen.seed)
    answers = ask_on_schedule(address, asked[100:], RATE, chosen.seed)
    assert all(each.status == 200 for each in answers), sorted({(each.kind, each.status) for each in answers})
    return told(f"{len(answers):,} requests at {RATE:g} a second", answers)


def case(made: Index, address: str, _chosen: argparse.Namespace) -> object:
    """The large cases: whole, and a page of 50 persons."""
    browser, answers = Browser(address), []
    for count in LARGE:
        path = f"{API}/potential-matches/pm_{large_case(made, count)}"
        for kind, query in ((f"case of {count} persons", ()), (f"50 persons of {count}", (("page_size", "50"),))):
            for number in range(_ROUNDS + 1):
                begin = time.perf_counter()
                status, body = browser.ask(Asked(kind, path, query))
                taken = 1000 * (time.perf_counter() - begin)
                persons = json.loads(body)["potential_match"]["persons"]
                assert status == 200
                assert len(persons) == 50 if query else len(persons) >= count
                if number:
                    answers.append(Answered(kind, status, taken))
    return told("large cases, one after the other", answers)


def large_case(made: Index, count: int) -> int:
    """Its number; somebody of the population may be in it, too."""
    with connect(made.url) as connection:
        row = connection.execute(
            "select case_id from identity.review_cases where status = 'open' and person_count >= %s"
            " order by person_count limit 1",
            [count],
        ).fetchone()
    assert row, f"no case of {count} persons"
    return int(row[0])


def saving(made: Index, address: str, chosen: argparse.Namespace) -> object:
    """Saves of one steward, one after the other; the first ones warm the server up."""
    saves = quiet(address, made.url, _QUIET + len(KINDS), chosen.seed)
    figures = told("saves, one after the other", as_answers(saves[len(KINDS) :]))
    return {"milliseconds": figures, **checked(made, saves)}


def batch(made: Index, address: str, chosen: argparse.Namespace) -> object:
    """Saves of several stewards while a batch is brought in, and until there are enough."""
    with bringing_in(made) as running:
        saves = busy(address, made.url, _STEWARDS, chosen.seed, lambda count: running.goes_on or count < chosen.saves)
    meanwhile = [save for save in saves if save.begun < running.ended]
    told(f"{_STEWARDS} stewards while a batch is brought in", as_answers(meanwhile))
    answered = [Answered("answered", save.status, save.milliseconds) for save in meanwhile]
    figures = told("of these saves, refusals included", answered)
    print(f"{len(saves):,} saves, {len(meanwhile):,} of them begun while the batch ran; answers:")
    print(
        "  " + ", ".join(f"{count:,} x {status}" for status, count in sorted(Counter(s.status for s in saves).items()))
    )
    return {"milliseconds": figures, **checked(made, saves)}


def checked(made: Index, saves: Sequence[Save]) -> dict[str, object]:
    """Whether saves did what was told of them."""
    with connect(made.url) as connection:
        wrong = lost_or_left(connection, saves)
    print(
        f"saves lost, not in force, or refused and yet written: {len(wrong)}" + "".join(f"\n  {it}" for it in wrong[:9])
    )
    return {"answers": dict(Counter(save.status for save in saves)), "wrong": len(wrong)}


def pages(made: Index, address: str, _chosen: argparse.Namespace) -> object:
    """First contentful paint of the pages stewards work on."""
    with connect(made.url) as connection:
        cases = connection.execute(
            "select case_id from identity.review_cases where status = 'open' and person_count < 10"
            " order by random() limit 9"
        ).fetchall()
        persons = connection.execute(
            "select person_id from identity.persons where retired_change_id is null order by random() limit 9"
        ).fetchall()
    opened = {"work list": ["/"], "a case": [f"/cases/{case_id}" for (case_id,) in cases]}
    opened |= {f"case of {count} persons": [f"/cases/{large_case(made, count)}"] for count in LARGE}
    opened["a person"] = [f"/persons/{person_id}" for (person_id,) in persons]
    return told("pages in Chromium", paints(address, opened))


def told(title: str, answers: Sequence[Answered]) -> dict[str, list[float]]:
    """Print and give the milliseconds of each kind: how many, median, 99th percentile, most."""
    kinds: dict[str, list[float]] = {title: [each.milliseconds for each in answers]}
    for each in answers:
        kinds.setdefault(each.kind, []).append(each.milliseconds)
    figures = {}
    print(f"{'':<44}{'count':>8}{'median':>9}{'p99':>9}{'most':>9}  ms")
    for kind, times in sorted(kinds.items(), key=lambda item: (item[0] != title, item[0])):
        p99 = statistics.quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0]
        figures[kind] = [len(times), statistics.median(times), p99, max(times)]
        print(f"{kind:<44}{len(times):>8}" + "".join(f"{value:>9.1f}" for value in figures[kind][1:]))
    return figures


MEASURE: Final[dict[str, Callable[[Index, str, argparse.Namespace], object]]] = {
    "reading": reading,
    "case": case,
    "pages": pages,
    "saving": saving,
    "batch": batch,
}


if __name__ == "__main__":
    main()
