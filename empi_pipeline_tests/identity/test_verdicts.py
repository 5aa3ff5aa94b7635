import hashlib
import random
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from empi_pipeline.identity import policy
from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.conflicts import RecordConflicts
from empi_pipeline.identity.decisions import confirm
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.guards import RULES_VERSION, guards_sql
from empi_pipeline.identity.neighbourhood import read_neighbourhood, start_with_batch
from empi_pipeline.identity.policy import ConflictRules, Policy
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify_evidence
from empi_pipeline.linkage.nicknames import name_sets
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World

GUARDED = Policy(guards=Guards())
PAIRS = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64())])


def judge(connection: Connection, policy: Policy, model_id: int) -> None:
    """Store what the guards say of all predictions, as the pipeline does when it has scored them."""
    rows = connection.execute("select record_id_l, record_id_r from matching.predictions order by 1, 2").fetchall()
    pairs = pa.Table.from_pylist([dict(zip(PAIRS.names, row, strict=True)) for row in rows], PAIRS)
    for row in policy.with_verdicts(connection, pairs, model_id).to_pylist():
        connection.execute(
            "update matching.predictions set guard_verdict = %(guard_verdict)s"
            " where (record_id_l, record_id_r) = (%(record_id_l)s, %(record_id_r)s)",
            row,
        )


def people(count: int) -> Iterator[dict[str, str]]:
    """People who nearly agree."""
    dice = random.Random(5)
    for _ in range(count):
        full = {
            "first_name": dice.choice(["ada", "ada", "ada", "adah", "eve"]),
            "last_name": dice.choice(["fox", "foxx", "hill"]),
            "birth_date": dice.choice(["1950-01-01", "1950-01-01", "1950-01-02", "1971-11-30"]),
            "sex": dice.choice(["f", "m"]),
            "social_security_number": dice.choice(["123121234", "123121235", "456781111", "312123121"]),
        }
        yield {name: value for name, value in full.items() if dice.random() > 0.15}


@pytest.mark.parametrize("families", [True, False])
def test_with_stored_verdicts_the_guards_say_of_all_pairs_what_they_say_without(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, families: bool
) -> None:
    world = World(connection)
    connection.execute("update matching.model set families = %s", [families])
    connection.execute(
        "insert into matching.shared_values values (%s, 'social_security_number', '312123121', 9)", [world.model_id]
    )
    names = [f"r{number}" for number in range(80)]
    dice = random.Random(6)
    scored = [(one, other, dice.choice([0.5, 0.95])) for one, other in combinations(names, 2) if dice.random() < 0.3]
    batch = world.deliver(dict(zip(names, people(80), strict=True)), scored)
    connection.execute(
        "update cleaned.person_records set name_suffix = case record_id % 6 when 0 then 'jr' when 1 then 'sr' end"
    )
    judge(connection, GUARDED, world.model_id)
    reach = read_neighbourhood(connection, start_with_batch(connection, batch), frozenset())
    assert len(reach.verdicts.left) == len(scored)
    left, right = np.triu_indices(80, 1)
    asked: list[int] = []
    compare = RecordConflicts.between

    def counted(source: RecordConflicts, one: Ints, other: Ints) -> tuple[Ints, list[str]]:
        asked.append(len(one))
        return compare(source, one, other)

    monkeypatch.setattr(RecordConflicts, "between", counted)
    with GUARDED.conflicts(connection, Guards(), reach.record_ids) as plain:
        places, reasons = plain.between(left, right)
    with GUARDED.conflicts(connection, Guards(), reach.record_ids, reach.verdicts) as informed:
        again, why = informed.between(right, left)
    assert (again.tolist(), why) == (places.tolist(), reasons)
    assert set(why) == ({"suffix", "given_name", "birth_date", "ssn", "sex"} if families else {"suffix", "given_name"})
    assert asked[0] == len(left)
    assert asked[1] < len(left) - len(scored), "records that are like the same record are compared all the same"


def test_a_verdict_counts_only_for_its_rules_and_its_model(connection: Connection) -> None:
    world = World(connection)
    ada = {"first_name": "ada", "birth_date": "1950-01-01"}
    batch = world.deliver({"a": ada, "b": ada, "c": {**ada, "first_name": "gertrude"}}, [("a", "b", 0.99)])
    world.predict(batch, [("b", "c", 0.99)])
    judge(connection, GUARDED, world.model_id)
    reach = read_neighbourhood(connection, start_with_batch(connection, batch), frozenset())

    def reasons(policy: Policy) -> list[str]:
        """Of a and c, and b and c; the records themselves say nothing any more."""
        with policy.conflicts(connection, Guards(), reach.record_ids, reach.verdicts) as source:
            return source.between(np.array([0, 1]), np.array([2, 2]))[1]

    connection.execute("update cleaned.person_records set first_name = null, birth_date = null")
    assert reasons(GUARDED) == ["given_name"]
    assert reasons(Policy(rules=ConflictRules.shipped(families=False))) == []
    world.model()
    assert reasons(GUARDED) == []
    judge(connection, GUARDED, world.model_id - 1)
    assert connection.execute("select distinct guard_verdict from matching.predictions").fetchall() == [(None,)]


def test_a_save_about_pairs_with_verdicts_opens_no_engine(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection)
    ada = {"first_name": "ada", "birth_date": "1950-01-01"}
    batch = world.deliver({"a": ada, "b": ada, "c": ada}, [("a", "b", 0.99), ("b", "c", 0.5), ("a", "c", 0.5)])
    judge(connection, GUARDED, world.model_id)
    apply_batch(connection, batch, policy=GUARDED)
    opened = []
    open_one = policy.open_scratch
    monkeypatch.setattr(policy, "open_scratch", lambda: opened.append(1) or open_one())
    ((case_id,),) = connection.execute("select case_id from identity.review_cases").fetchall()
    saved = confirm(connection, case_id, 1, actor="ann", policy=GUARDED)
    assert (world.persons(), opened) == ({frozenset("abc")}, [])
    undo(connection, saved.change_id, actor="ann", policy=GUARDED)
    assert (world.persons(), opened) == ({frozenset("ab"), frozenset("c")}, [])


def test_profiles_tell_apart_what_conflicts_could_and_take_missing_values_for_a_value(connection: Connection) -> None:
    world = World(connection)
    ada = {"first_name": "ada", "birth_date": "1950-01-01"}
    eve = {**ada, "first_name": "eve"}
    world.deliver({"a": ada, "b": {"first_name": "ada"}, "c": eve, "d": ada, "e": {}, "f": {"first_name": "ada"}})
    with GUARDED.conflicts(connection, Guards(), np.array(sorted(world.ids.values()))) as source:
        profile = source.profiles(np.array([5, 3, 4, 0, 1, 2, 3]))
    alike = {frozenset(np.flatnonzero(profile == number).tolist()) for number in profile.tolist()}
    assert alike == {frozenset({0, 4}), frozenset({1, 3, 6}), frozenset({2}), frozenset({5})}


def test_a_wrong_verdict_does_not_get_past_verify(connection: Connection) -> None:
    world = World(connection)
    eve = {"first_name": "eve", "birth_date": "1950-01-01"}
    batch = world.deliver({"a": eve, "b": {**eve, "first_name": "gertrude"}}, [("a", "b", 0.99)])
    code = 64 * ConflictRules.shipped().code
    connection.execute("update matching.predictions set guard_verdict = %s", [code])
    apply_batch(connection, batch, policy=GUARDED)
    assert world.persons() == {frozenset("ab")}
    assert [problem.check for problem in verify_evidence(connection, GUARDED)] == [
        "unreported_overlays",
        "missing_questions",
    ]


def test_who_changes_the_rules_of_the_guards_raises_their_version() -> None:
    rules = guards_sql() + repr(name_sets().to_pydict())
    digest = hashlib.sha256(rules.encode()).hexdigest()[:16]
    assert (digest, RULES_VERSION) == ("dc76f69913aae2cc", 1), "raise the version, then put both in here"
