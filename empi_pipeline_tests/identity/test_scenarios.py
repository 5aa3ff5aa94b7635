"""Plays `scenarios.yaml`: after every step persons and cases are exactly those written there, and the ledger sound."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.decisions import PersonUpdate, confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError, StalePredictions
from empi_pipeline.identity.evidence import NO_GUARDS, Evidence, Guards, NoConflicts
from empi_pipeline.identity.obstacles import obstacles
from empi_pipeline.identity.plan import RematchRules, apply_rematch
from empi_pipeline.identity.queries import person, show_case
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.test_plan import rescore
from empi_pipeline_tests.identity.world import World

SCENARIOS = yaml.safe_load((Path(__file__).parent / "scenarios.yaml").read_text(encoding="utf-8"))
ERRORS = {
    "conflict": ConflictError, "not_found": NotFoundError, "stale": StalePredictions, "invalid": InvalidDecisionError,
}  # fmt: skip
ATTRIBUTES = {"b": "birth_date", "f": "first_name", "s": "sex", "id": "source_person_id"}
KINDS = {"potential": "potential_match", "conflict": "conflict", "overlay": "overlay"}


def guards_of(scenario: dict[str, Any]) -> Guards:
    told = scenario.get("guards", False)
    return Guards(**told) if isinstance(told, dict) else Guards() if told else NO_GUARDS


def predictions(text: str) -> list[tuple[str, str, float]]:
    return [(pair[0], pair[2], float(pair.split("@")[1])) for pair in str(text).split()]


class Play:
    def __init__(self, connection: Connection, scenario: dict[str, Any]) -> None:
        untrusted = frozenset({"test"} if scenario.get("untrusted") else ())
        self.world = World(connection, guards=guards_of(scenario), untrusted=untrusted)
        self.connection = connection
        self.remembered: dict[str, str] = {}

    def step(self, step: dict[str, Any]) -> None:
        verb = next(iter(step))
        act = getattr(self, f"do_{verb}")
        if "error" in step:
            with pytest.raises(ERRORS[step["error"]]):
                act(step[verb], step)
        else:
            act(step[verb], step)
        self.expect(step)

    def do_load(self, records: Any, step: dict[str, Any]) -> None:
        self.world.apply(self.do_deliver(records, step))

    def do_deliver(self, records: Any, step: dict[str, Any]) -> str:
        rows = records if isinstance(records, dict) else {name: {} for name in str(records)}
        rows = {
            str(name): {ATTRIBUTES.get(key, key): value for key, value in row.items()} for name, row in rows.items()
        }
        return self.world.deliver(rows, predictions(step.get("pairs", "")))

    def do_apply(self, batch: int, step: dict[str, Any]) -> None:
        self.world.apply(f"batch-{batch}")

    do_replay = do_apply

    def do_model(self, thresholds: list[float], step: dict[str, Any]) -> None:
        self.world.model(*thresholds)

    def do_rematch(self, pairs: Any, step: dict[str, Any]) -> None:
        rescore(self.world, predictions(pairs))
        apply_rematch(self.connection, policy=self.world.policy, rules=RematchRules(most_changed=1, most_split=1))

    def do_remember(self, name: Any, step: dict[str, Any]) -> None:
        self.remembered[str(name)] = self.world.person_of(str(name))

    def answer(self, act: Any, case: Any, step: dict[str, Any]) -> None:
        if isinstance(case, str):
            case = next(iter(self.world.cases(KINDS[case])))
        known = {**self.world.cases(status="closed"), **self.world.cases()}
        version = step.get("version", known[case][1] if case in known else 1)
        pairs = (
            [tuple(self.world.ids[name] for name in pair.split("-")) for pair in step["pairs"].split()]
            if "pairs" in step
            else None
        )
        act(self.connection, case, version, actor="steward", pairs=pairs, policy=self.world.policy,
            overrule=step.get("overrule", False))  # fmt: skip

    def do_confirm(self, case: Any, step: dict[str, Any]) -> None:
        self.answer(confirm, case, step)

    def do_reject(self, case: Any, step: dict[str, Any]) -> None:
        self.answer(reject, case, step)

    def versioned(self, name: str) -> tuple[str, int]:
        found = person(self.connection, self.world.person_of(name))
        return found.person_id, found.version

    def do_merge(self, names: str, step: dict[str, Any]) -> None:
        merge(self.connection, [self.versioned(name) for name in names.split()], actor="steward",
              policy=self.world.policy, overrule=step.get("overrule", False))  # fmt: skip

    def do_split(self, names: str, step: dict[str, Any]) -> None:
        group = frozenset(self.world.ids[name] for name in step["out"])
        split(self.connection, *self.versioned(names[0]), [group], actor="steward", policy=self.world.policy,
              overrule=step.get("overrule", False))  # fmt: skip

    def do_partition(self, updates: Any, step: dict[str, Any]) -> None:
        """`1=12` the person of 1 gets 1 and 2; `+3` a new person gets 3; `1` the person of 1 as it is."""
        sent = []
        for update in str(updates).split():
            owner, _, names = update.partition("=") if "=" in update else (update[0], "", update)
            new = owner == "+"
            records = frozenset(self.world.ids[name] for name in (names[1:] if new else names))
            sent.append(PersonUpdate(None, None, records) if new else PersonUpdate(*self.versioned(owner), records))
        version = self.world.cases()[step["case"]][1]
        partition(self.connection, sent, actor="steward", case_id=step["case"], case_version=version,
                  policy=self.world.policy)  # fmt: skip

    def do_undo(self, change: Any, step: dict[str, Any]) -> None:
        if change == "last":
            row = self.connection.execute("select max(change_id) from identity.changes").fetchone()
            assert row
            change = row[0]
        undo(self.connection, change, actor="steward", policy=self.world.policy)

    def do_withdraw(self, name: str, step: dict[str, Any]) -> None:
        withdraw(self.connection, "test", name, actor="steward", policy=self.world.policy)
        del self.world.ids[name]

    def expect(self, step: dict[str, Any]) -> None:
        if "persons" in step:
            assert self.world.persons() == {frozenset(group) for group in str(step["persons"]).split()}
        if "count" in step:
            assert len(self.world.persons()) == step["count"]
        cases = self.world.cases()
        if "cases" in step:
            found = sorted((kind, sorted(pairs)) for kind, _, pairs in cases.values())
            wanted = sorted(
                (KINDS[kind], sorted(pairs.split())) for kind, many in step["cases"].items() for pairs in many
            )
            assert found == wanted
        for case_id, version in step.get("versions", {}).items():
            assert cases[case_id][1] == version
        for name, owner in step.get("owner", {}).items():
            assert self.world.person_of(name) == self.remembered[owner]
        for name, version in step.get("person_versions", {}).items():
            assert self.versioned(str(name))[1] == version


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["name"] for scenario in SCENARIOS])
def test_scenario(connection: Connection, scenario: dict[str, Any]) -> None:
    play = Play(connection, scenario)
    for step in scenario["steps"]:
        play.step(step)
    assert [str(problem) for problem in verify(connection)] == []
    assert [str(problem) for problem in verify_evidence(connection, play.world.policy)] == []
    assert list(unexplained(play.world)) == []


def unexplained(world: World) -> Iterator[tuple[int, int, str]]:
    """Pairs of open cases that a guard or decision stopped without any record to be shown for it."""
    for case_id in world.cases():
        case = show_case(world.connection, case_id)
        for pair, obstacle in zip(case.pairs, obstacles(world.connection, case, world.policy), strict=True):
            reason = str(pair.reason)
            if (reason == "cannot_link" or reason.startswith("guard:")) and obstacle is None:
                yield pair.record_id_l, pair.record_id_r, reason


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(SCENARIOS) >= 60


def test_a_chain_of_a_hundred_thousand_records_is_one_group_also_with_two_that_must_stay_apart() -> None:
    count = 100_000
    left = np.arange(count - 1)

    def grouped(cannot: list[list[int]]) -> Ints:
        evidence = Evidence(
            person=np.full(count, -1), source_identity=np.full(count, -1), left=left, right=left + 1,
            # The weakest link is that between 70,000 and 70,001.
            weight=np.where(left == 70_000, 8.0, 9.0), margin=np.full(count - 1, 5.0),
            content_keys=lambda positions: np.char.zfill(positions.astype("S"), 12), cannot=np.array(cannot, np.int64),
        )  # fmt: skip
        return cluster(evidence, NO_GUARDS, NoConflicts()).group

    assert len(np.unique(grouped([[], []]).astype(np.int64))) == 1
    group = grouped([[0], [count - 1]])
    assert [len(np.unique(part)) for part in (group[:70_001], group[70_001:], group)] == [1, 1, 2]


def test_a_person_of_five_thousand_records_takes_in_one_more_and_comes_apart_again(connection: Connection) -> None:
    count = 5_000
    connection.execute(
        "insert into raw.person_records (record_id, batch_id, arrival_id, line_number, content_hash, data_source,"
        " source_person_id) overriding system value"
        " select n, 'many', 1, n, sha256(n::text::bytea), 'test', 'p' || n from generate_series(1, %s) as n",
        [count],
    )
    connection.execute("select setval(pg_get_serial_sequence('raw.person_records', 'record_id'), %s)", [count])
    world = World(connection)
    connection.execute("insert into intake.batches (batch_id) values ('many')")
    connection.execute(
        "insert into matching.predictions select 'many', %s, n, n + 1, 9, 0.998, '{}', '{}'"
        " from generate_series(1, %s) as n",
        [world.model_id, count - 1],
    )
    connection.execute("insert into matching.scored_batches values ('many', %s, 0)", [world.model_id])
    assert world.apply("many").persons_created == 1
    world.ids |= {f"p{record}": record for record in range(1, count + 1)}
    world.load("k", [("k", "p2500", 0.99)])
    whole = person(connection, world.person_of("k"))
    assert whole.record_count == count + 1
    off = frozenset(range(1, 2501))
    saved = split(connection, whole.person_id, whole.version, [off], actor="ann", policy=world.policy)
    assert sorted(map(len, world.persons())) == [2500, 2501]
    undo(connection, saved.change_id, actor="ann", policy=world.policy)
    assert person(connection, whole.person_id).record_count == count + 1
    assert [str(problem) for problem in verify(connection)] == []
