"""Whatever stewards decided, taking it back in reverse gives back exactly what was there at every step."""

import os
import random
from collections.abc import Callable

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import PersonUpdate, Saved, confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection, connect
from empi_pipeline_tests.identity.state import State, state_of
from empi_pipeline_tests.properties.histories.campaign import database_of_histories
from empi_pipeline_tests.properties.histories.world import QuickWorld

LONG = int(os.environ.get("EMPI_HISTORIES", "400"))
GUARDS = [NO_GUARDS, Guards(), Guards(max_person_size=3, weak_bridge_side=2)]


class Steward:
    """Decides at random; the same seed decides the same."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection, self.random = connection, random.Random(seed)
        self.world = QuickWorld(connection, guards=self.random.choice(GUARDS))
        self.common = {"actor": "ann", "policy": self.world.policy}
        self.names: list[str] = []

    def load(self) -> None:
        new = [f"r{len(self.names) + number}" for number in range(self.random.randint(2, 6))]
        self.names += new
        records = {}
        for name in new:
            values = {"birth_date": self.random.choice("12"), "sex": self.random.choice("fm")}
            records[name] = {key: value for key, value in values.items() if self.random.random() < 0.4}
            if self.random.random() < 0.15:
                records[name]["source_person_id"] = self.random.choice(self.names)
        pairs = sorted({tuple(sorted((self.random.choice(new), self.random.choice(self.names)))) for _ in range(9)})
        self.world.load(records, [(*pair, self.random.choice([0.5, 0.6, 0.95, 0.97, 0.999])) for pair in pairs])
        self.connection.commit()

    def decide(self) -> Saved | None:
        """One random decision; None where it was refused."""
        act = self.random.choice(
            [self.answer, self.answer, self.answer, self.arrange_case, self.merge, self.split, self.take_back]
        )
        self.connection.commit()
        before = state_of(self.connection)
        try:
            return act()
        except (ConflictError, InvalidDecisionError):
            assert state_of(self.connection) == before, "a refused save has written something"
            return None
        finally:
            self.connection.commit()

    def answer(self) -> Saved | None:
        case_id, version, pairs = self.some_case()
        if case_id is None:
            return None
        some = self.random.sample(pairs, self.random.randint(1, len(pairs))) if self.random.random() < 0.5 else None
        act: Callable[..., Saved] = self.random.choice([confirm, reject])
        return act(self.connection, case_id, version, pairs=some, overrule=self.boldly(), **self.common)

    def arrange_case(self) -> Saved | None:
        case_id, version, pairs = self.some_case()
        if case_id is None:
            return None
        persons = self.persons({record for pair in pairs for record in pair})
        chosen = self.random.sample(persons, self.random.randint(0, len(persons)))
        records = [record for _, _, owned in chosen for record in owned]
        groups: dict[int, set[int]] = {}
        for record in records:
            groups.setdefault(self.random.randrange(len(chosen) + 1), set()).add(record)
        updates = [
            PersonUpdate(person_id, of, frozenset(groups.get(number, ())))
            for number, (person_id, of, _) in enumerate(chosen)
        ]
        if len(chosen) in groups:
            updates.append(PersonUpdate(None, None, frozenset(groups[len(chosen)])))
        return partition(
            self.connection, updates, case_id=case_id, case_version=version, overrule=self.boldly(), **self.common
        )

    def merge(self) -> Saved | None:
        persons = self.persons()
        if len(persons) < 2:
            return None
        chosen = self.random.sample(persons, min(len(persons), self.random.choice([2, 2, 3])))
        return merge(self.connection, [each[:2] for each in chosen], overrule=self.boldly(), **self.common)

    def split(self) -> Saved | None:
        person_id, version, records = self.random.choice(self.persons())
        off = frozenset(self.random.sample(records, self.random.randint(1, len(records))))
        return split(self.connection, person_id, version, [off], overrule=self.boldly(), **self.common)

    def take_back(self) -> Saved | None:
        change = self.last_change() - self.random.randint(0, 3)
        return undo(self.connection, change, **self.common) if change > 0 else None

    def boldly(self) -> bool:
        return self.random.random() < 0.75

    def last_change(self) -> int:
        with self.connection.transaction():
            row = self.connection.execute("select max(change_id) from identity.changes").fetchone()
        assert row
        return int(row[0])

    def some_case(self) -> tuple[int | None, int, list[tuple[int, int]]]:
        with self.connection.transaction():
            rows = self.connection.execute(
                "select case_id, version, array_agg(record_id_l order by record_id_l, record_id_r),"
                " array_agg(record_id_r order by record_id_l, record_id_r) from identity.review_cases"
                " join identity.case_pairs using (case_id) where status = 'open' group by 1, 2 order by 1"
            ).fetchall()
        if not rows:
            return None, 0, []
        case_id, version, left, right = self.random.choice(rows)
        return case_id, version, list(zip(left, right, strict=True))

    def persons(self, about: set[int] | None = None) -> list[tuple[str, int, list[int]]]:
        with self.connection.transaction():
            rows = self.connection.execute(
                "select person_id::text, version, array_agg(record_id order by record_id) from identity.persons"
                " join identity.membership using (person_id) group by 1, 2 order by min(record_id)"
            ).fetchall()
        return [row for row in rows if about is None or about & set(row[2])]


def decide_and_take_back(server: str, seed: int, decisions: int) -> int:
    """Load, decide, and take everything back in reverse; returns how many decisions were saved."""
    with database_of_histories(server) as url, connect(url) as connection:
        steward = Steward(connection, seed)
        for _ in range(steward.random.randint(1, 3)):
            steward.load()
        saved: list[tuple[int, State]] = []
        for _ in range(decisions):
            before = state_of(connection)
            done = steward.decide()
            if done is not None:
                saved.append((done.change_id, before))
        for change_id, before in reversed(saved):
            undo(connection, change_id, actor="bob", policy=steward.world.policy)
            connection.commit()
            assert state_of(connection) == before, f"change {change_id} is not taken back exactly"
        with connection.transaction():
            assert [str(problem) for problem in verify(connection)] == []
            assert [str(problem) for problem in verify_evidence(connection, steward.world.policy)] == []
        return len(saved)


@pytest.mark.parametrize("seed", range(6))
def test_decisions_taken_back_in_reverse_give_back_every_state_they_changed(
    postgres_server: str, database: str, seed: int
) -> None:
    decide_and_take_back(postgres_server, seed, 10)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_thousands_of_decisions_taken_back_in_reverse(postgres_server: str, database: str) -> None:
    for seed in range(1000, 1000 + LONG):
        try:
            decide_and_take_back(postgres_server, seed, 14)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
