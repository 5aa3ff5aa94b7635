"""Random lives of an index: batches, decisions, undos. Whatever happened, ledger and state agree with the evidence."""

import math
import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import confirm, merge, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.plan import RematchRules, apply_rematch
from empi_pipeline.identity.queries import person
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection, connect
from empi_pipeline_tests.conftest import TEMPLATE
from empi_pipeline_tests.identity.world import World

LONG = int(os.environ.get("EMPI_HISTORIES", "2000"))
GUARDS = [NO_GUARDS, Guards(), Guards(max_person_size=3, weak_bridge_side=2)]


@contextmanager
def fresh(server: str) -> Iterator[Connection]:
    name = f"history_{uuid.uuid4().hex}"
    with connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name} template {TEMPLATE}")
        try:
            with connect(database_url(server, name)) as connection:
                connection.execute("set synchronous_commit = off")
                yield connection
        finally:
            admin.execute(f"drop database {name} with (force)")


class Life:
    """One random history; the same seed lives the same life."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(connection, guards=self.random.choice(GUARDS))
        self.connection = connection
        self.ever: set[str] = set()
        self.born = 0

    def step(self) -> None:
        acts = (
            [self.batch] * 6
            + [self.answer] * 4
            + [self.rearrange, self.rearrange, self.take_back, self.take_back, self.forget]
        )
        self.random.choice(acts)()
        self.connection.commit()
        self.ever |= {row[0] for row in self.connection.execute("select person_id::text from identity.persons")}

    def batch(self) -> None:
        old, count = list(self.world.ids), self.random.randint(1, 5)
        names = [f"r{self.born + number}" for number in range(count)]
        self.born += count
        records = {}
        for name in names:
            values = {"birth_date": self.random.choice("12"), "sex": self.random.choice("fm")}
            records[name] = {key: value for key, value in values.items() if self.random.random() < 0.5}
            if old and self.random.random() < 0.2:
                records[name]["source_person_id"] = self.random.choice(old)
        pairs = {
            tuple(sorted((self.random.choice(names), self.random.choice(names + old))))
            for _ in range(self.random.randint(0, 2 * count))
        }
        predictions = [(one, other, self.random.choice([0.5, 0.6, 0.95, 0.97, 0.999])) for one, other in pairs]
        batch = self.world.deliver(records, sorted(predictions))
        applied = self.world.apply(batch)
        assert self.world.apply(batch) == applied, "applied again, a batch does something else"

    def answer(self) -> None:
        cases = self.world.cases()
        if cases:
            case_id = self.random.choice(sorted(cases))
            act = self.random.choice([confirm, reject])
            self.attempt(
                lambda: act(
                    self.connection,
                    case_id,
                    cases[case_id][1],
                    actor="s",
                    policy=self.world.policy,
                    overrule=self.random.random() < 0.3,
                )
            )

    def rearrange(self) -> None:
        rows = self.connection.execute(
            "select person_id::text, version from identity.persons where retired_change_id is null"
            " order by created_change_id, person_id"
        ).fetchall()
        if len(rows) < 2:
            return
        overrule = self.random.random() < 0.5
        if self.random.random() < 0.5:
            self.attempt(
                lambda: merge(
                    self.connection, self.random.sample(rows, 2), actor="s", policy=self.world.policy, overrule=overrule
                )
            )
        else:
            person_id, version = self.random.choice(rows)
            records = [record.record_id for record in person(self.connection, person_id).records]
            if len(records) > 1:
                group = frozenset(self.random.sample(records, self.random.randint(1, len(records) - 1)))
                self.attempt(
                    lambda: split(
                        self.connection,
                        person_id,
                        version,
                        [group],
                        actor="s",
                        policy=self.world.policy,
                        overrule=overrule,
                    )
                )

    def take_back(self) -> None:
        row = self.connection.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone()
        assert row
        if row[0]:
            change = max(1, row[0] - self.random.randint(0, 3))
            self.attempt(lambda: undo(self.connection, change, actor="s", policy=self.world.policy))

    def forget(self) -> None:
        if self.world.ids:
            name = self.random.choice(sorted(self.world.ids))
            row = self.connection.execute(
                "select source_person_id from raw.person_records where record_id = %s", [self.world.ids[name]]
            ).fetchone()
            assert row
            gone = self.connection.execute(
                "select record_id from raw.person_records where source_person_id = %s", [row[0]]
            ).fetchall()
            self.attempt(lambda: withdraw(self.connection, "test", row[0], actor="s", policy=self.world.policy))
            self.world.ids = {name: record for name, record in self.world.ids.items() if (record,) not in gone}

    def rematch(self) -> None:
        """Some predictions are gone, some are other ones, some are new."""
        self.connection.execute("delete from matching.rescored_predictions")
        self.connection.execute("delete from matching.rescorings")
        self.connection.execute(
            "insert into matching.rescorings (model_id, seen_change_id)"
            " select %s, coalesce(max(change_id), 0) from identity.changes",
            [self.world.model_id],
        )
        names = sorted(self.world.ids)
        pairs = {tuple(sorted(self.random.sample(names, 2))) for _ in range(len(names)) if len(names) > 1}
        ids = [tuple(sorted((self.world.ids[one], self.world.ids[other]))) for one, other in sorted(pairs)]
        old = self.connection.execute(
            "select record_id_l, record_id_r, match_probability from matching.predictions order by 1, 2"
        ).fetchall()
        kept = {(left, right): probability for left, right, probability in old if self.random.random() < 0.8}
        for pair in ids[: len(ids) // 4]:
            kept[pair] = self.random.choice([0.5, 0.6, 0.95, 0.97, 0.999])
        for (left, right), probability in kept.items():
            self.connection.execute(
                "insert into matching.rescored_predictions values (%s, %s, %s, %s, %s, '{}', '{}')",
                [self.world.model_id, left, right, math.log2(probability / (1 - probability)), probability],
            )
        if kept:
            rules = RematchRules(self.random.random() < 0.6, 0.55, 1.0, 1.0)
            apply_rematch(self.connection, policy=self.world.policy, rules=rules)

    def attempt(self, act) -> None:
        """A steward may be refused; then nothing is written."""
        self.connection.commit()
        before = self.connection.execute("select count(*), max(change_id) from identity.changes").fetchone()
        self.connection.commit()
        try:
            act()
        except (ConflictError, InvalidDecisionError):
            after = self.connection.execute("select count(*), max(change_id) from identity.changes").fetchone()
            assert after == before

    def check(self) -> None:
        self.connection.commit()
        assert [str(problem) for problem in verify(self.connection)] == []
        assert [str(problem) for problem in verify_evidence(self.connection, self.world.policy)] == []
        for person_id in self.ever:
            found = person(self.connection, person_id)
            assert found.records or found.record_count == 0, "an id that was given leads to nobody"
        self.connection.commit()


def live(server: str, seed: int, steps: int) -> None:
    with fresh(server) as connection:
        life = Life(connection, seed)
        for _ in range(steps):
            life.step()
            life.check()


@pytest.mark.parametrize("seed", range(5))
def test_ledger_state_and_evidence_agree_at_every_moment(postgres_server: str, database: str, seed: int) -> None:
    live(postgres_server, seed, 8)


@pytest.mark.long
@pytest.mark.timeout(0)
def test_ledger_state_and_evidence_agree_in_thousands_of_histories(postgres_server: str, database: str) -> None:
    for seed in range(1000, 1000 + LONG):
        try:
            live(postgres_server, seed, 14)
        except Exception as error:
            raise AssertionError(f"history {seed}") from error
