"""Saves as stewards make them: each looks at what it decides about, then decides. And whether each did what it said."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.api.client import Answered, Asked, Browser
from benchmarks.api.questions import API
from empi_pipeline.postgres import Connection, connect

_NOBODY = "00000000-0000-4000-8000-000000000000"

KINDS = ("confirm", "reject", "matches", "merge", "split", "undo")


@dataclass(frozen=True, slots=True)
class Save:
    """One save that was asked for: `note` is its own, `change_id` and `undid` are told by those that say so."""

    kind: str
    note: str
    status: int
    milliseconds: float
    begun: float
    change_id: int | None
    undid: int | None


class Work:
    """Cases and persons to decide about, each once, however many stewards take from it."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self._turn = threading.Lock()
        connection.execute("select setseed(%s)", [seed % 97 / 97])
        cases = [
            case_id
            for (case_id,) in connection.execute(
                "select case_id from identity.review_cases where status = 'open' and person_count < 10"
                " order by random()"
            )
        ]
        persons = connection.execute(
            "select person_id::text, record_count from identity.persons"
            " where retired_change_id is null and record_count between 1 and 6 order by random() limit 60000"
        ).fetchall()
        self._cases = iter(cases)
        self._several = iter([person_id for person_id, records in persons if records > 1])
        self._single = iter([person_id for person_id, records in persons if records == 1])

    def case(self) -> str:
        """The next case; one that there is not once there is none left."""
        with self._turn:
            return f"pm_{next(self._cases, 0)}"

    def person(self, *, several: bool) -> str:
        """The next person of several records, or of one; one that there is not once there is none left."""
        with self._turn:
            return f"p_{next(self._several if several else self._single, _NOBODY)}"


class Steward:
    """Makes one save after the other."""

    def __init__(self, address: str, work: Work, name: str, seed: int) -> None:
        self._browser = Browser(address)
        self._work = work
        self._name = name
        self._dice = random.Random(f"{seed} {name}")
        self._undoable: list[int] = []
        self._number = 0

    def saves(self) -> Iterator[Save]:
        """The kinds in turn, until there is nothing left; what is gone by the time one looks at it is passed over."""
        while True:
            made = 0
            for kind in KINDS:
                prepared = getattr(self, f"_{kind}")()
                if prepared is None:
                    continue
                path, body, undid = prepared
                self._number += 1
                note = f"{self._name} {self._number}"
                body = {**body, "note": note}
                begun = time.perf_counter()
                status, answer = self._browser.ask(Asked(kind, API + path, method="POST", body=body))
                taken = 1000 * (time.perf_counter() - begun)
                change_id = json.loads(answer).get("change_id") if status == 200 else None
                if kind in ("confirm", "reject", "merge", "split") and change_id is not None:
                    self._undoable.append(change_id)
                made += 1
                yield Save(kind, note, status, taken, begun, change_id, undid)
            if not made:
                return

    def _see(self, path: str, name: str) -> dict[str, Any] | None:
        status, answer = self._browser.ask(Asked("", API + path))
        return dict(json.loads(answer)[name]) if status == 200 else None

    def _confirm(self) -> Any:
        return self._answered("confirm")

    def _reject(self) -> Any:
        return self._answered("reject")

    def _answered(self, what: str) -> Any:
        path = f"/potential-matches/{self._work.case()}"
        case = self._see(path, "potential_match")
        return case and (f"{path}/{what}", {"version": case["version"]}, None)

    def _matches(self) -> Any:
        case = self._see(f"/potential-matches/{self._work.case()}", "potential_match")
        if case is None:
            return None
        # The first two persons are one, the others are not.
        first, second, *others = (
            [
                {
                    "id": person["id"],
                    "version": person["version"],
                    "records": [each["id"] for each in person["records"]],
                }
                for person in case["persons"]
            ]
            if len(case["persons"]) > 1
            else [None, None]
        )
        if first is None or second is None:
            return None
        updates = [
            {
                "id": first["id"],
                "version": first["version"],
                "new_person_record_ids": first["records"] + second["records"],
            },
            {"id": second["id"], "version": second["version"], "new_person_record_ids": []},
            *(
                {"id": other["id"], "version": other["version"], "new_person_record_ids": other["records"]}
                for other in others
            ),
        ]
        asked = {
            "potential_match_id": case["id"], "potential_match_version": case["version"], "person_updates": updates,
        }  # fmt: skip
        return "/matches", asked, None

    def _merge(self) -> Any:
        persons = [self._see(f"/persons/{self._work.person(several=False)}", "person") for _ in range(2)]
        if None in persons:
            return None
        named = [{"id": person["id"], "version": person["version"]} for person in persons if person]
        return "/persons/merge", {"persons": named}, None

    def _split(self) -> Any:
        person = self._see(f"/persons/{self._work.person(several=True)}", "person")
        if person is None or len(person["records"]) < 2:
            return None
        apart = [[self._dice.choice(person["records"])["id"]]]
        return f"/persons/{person['id']}/split", {"version": person["version"], "groups": apart}, None

    def _undo(self) -> Any:
        if not self._undoable:
            return None
        undid = self._undoable.pop(self._dice.randrange(len(self._undoable)))
        return f"/changes/{undid}/undo", {}, undid


def quiet(address: str, url: str, count: int, seed: int) -> list[Save]:
    """One steward, one save after the other."""
    with connect(url) as connection:
        saves = Steward(address, Work(connection, seed), "quiet", seed).saves()
    return [next(saves) for _ in range(count)]


def busy(address: str, url: str, stewards: int, seed: int, goes_on: Callable[[int], bool]) -> list[Save]:
    """Several stewards at once, for as long as `goes_on` says of the number of saves so far."""
    with connect(url) as connection:
        work = Work(connection, seed + 1)
    made: list[Save] = []

    def steward(name: str) -> None:
        for save in Steward(address, work, name, seed).saves():
            made.append(save)
            if not goes_on(len(made)):
                return

    threads = [threading.Thread(target=steward, args=(f"steward{number}",)) for number in range(stewards)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def as_answers(saves: list[Save]) -> list[Answered]:
    """For the table of times: those that saved."""
    return [Answered(f"save: {save.kind}", save.status, save.milliseconds) for save in saves if save.status == 200]


def lost_or_left(connection: Connection, saves: list[Save]) -> list[str]:
    """What does not fit: saves told as saved that are not in the ledger or not in force, others that left something."""
    noted = dict(
        connection.execute(
            "select note, change_id from identity.changes where note like 'quiet %' or note like 'steward%'"
        ).fetchall()
    )
    wrong = [
        f"{save.note}: saved, but not in the ledger" for save in saves if save.status == 200 and save.note not in noted
    ]
    wrong += [
        f"{save.note}: {save.status}, but in the ledger" for save in saves if save.status != 200 and save.note in noted
    ]
    wrong += [
        f"{save.note}: told as change {save.change_id}, is {noted.get(save.note)}"
        for save in saves
        if save.change_id is not None and noted.get(save.note) != save.change_id
    ]
    undone = {save.undid for save in saves if save.status == 200 and save.undid is not None}
    stand = [noted[save.note] for save in saves if save.status == 200 and save.kind != "undo" and save.note in noted]
    rows = connection.execute(
        "select decision.change_id, decision.kind, decision.revoked_change_id is null, l.person_id = r.person_id"
        " from identity.decisions as decision join identity.membership as l on l.record_id = decision.record_id_l"
        " join identity.membership as r on r.record_id = decision.record_id_r where decision.change_id = any (%s)",
        [stand],
    ).fetchall()
    decided = {row[0] for row in rows}
    wrong += [f"change {change_id} decided nothing" for change_id in stand if change_id not in decided]
    for change_id, kind, in_force, together in rows:
        if change_id in undone:
            if in_force:
                wrong.append(f"change {change_id} is undone, and still in force")
        elif not in_force:
            wrong.append(f"change {change_id} is not in force")
        elif together != (kind == "must_link"):
            wrong.append(f"change {change_id}: its {kind} does not hold")
    return wrong
