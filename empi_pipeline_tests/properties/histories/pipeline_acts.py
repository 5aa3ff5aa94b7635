"""What the pipeline does to an index, chosen at random: loads, rematches, models, withdrawals."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from empi_pipeline.identity.apply import Applied, apply_batch
from empi_pipeline.identity.plan import RematchRules, apply_rematch, plan_rematch
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.properties.histories.observed import State, observe

if TYPE_CHECKING:
    from empi_pipeline_tests.properties.histories.life import Life
from empi_pipeline_tests.properties.histories.act import Act

PROBABILITIES = [0.4, 0.5, 0.6, 0.92, 0.95, 0.97, 0.999]


def load(life: "Life") -> Act | None:
    old = sorted(life.world.ids)
    names = [f"r{life.born + number}" for number in range(life.random.randint(1, 5))]
    life.born += len(names)
    records = {}
    for name in names:
        life.human[name] = life.random.randint(1, 8)
        like = random.Random(life.human[name])
        values = {"birth_date": like.choice("123"), "sex": like.choice("fm"), "first_name": like.choice("ab")}
        for key in values:
            if life.random.random() < 0.15:
                values[key] = life.random.choice("13fmb")
        records[name] = {key: value for key, value in values.items() if life.random.random() < 0.4}
        records[name]["data_source"] = life.random.choice(["test", "test", "loose"])
        if old and life.random.random() < 0.2:
            source = life.world.identity[life.random.choice(old)]
            records[name]["data_source"], records[name]["source_person_id"] = source
    in_index = [name for name in old if life.world.ids[name] in life.state.members]
    predictions = _predictions(life, names, names + in_index, 2 * len(names))
    batch = life.world.deliver(records, predictions)
    life.applied.pop(batch, None)
    life.log.append(f"{batch} delivered: {', '.join(names)}")
    if life.random.random() < 0.15:
        life.waiting.append(batch)
        return None
    return _apply(life, batch)


def _predictions(life: "Life", some: list[str], others: list[str], most: int) -> list[tuple[str, str, float]]:
    found = {}
    for _ in range(life.random.randint(0, most)):
        one, other = life.random.choice(some), life.random.choice(others)
        if life.random.random() < 0.5:
            alike = [name for name in others if life.human[name] == life.human[one]]
            other = life.random.choice(alike or [other])
        found[tuple(sorted((one, other)))] = life.random.choice(PROBABILITIES)
    return [(*pair, probability) for pair, probability in sorted(found.items())]


def apply_waiting(life: "Life") -> Act | None:
    """A batch that others overtook is scored again first, or refused."""
    if not life.waiting:
        return None
    batch = life.waiting.pop(life.random.randrange(len(life.waiting)))
    names = [name for name, record in life.world.ids.items() if record in _records_of_batch(life, batch)]
    if not names:
        return None
    if life.random.random() < 0.3 or not life.state.changes:
        life.waiting.append(batch)
        return Act(f"{batch} applied as it was scored", lambda c: _keep(life, batch, c), _records_of_batch(life, batch))
    in_index = [name for name in sorted(life.world.ids) if life.world.ids[name] in life.state.members]
    life.world.predict(batch, _predictions(life, names, names + in_index, len(names)))
    life.world.scored(batch)
    return _apply(life, batch)


def _records_of_batch(life: "Life", batch: str) -> set[int]:
    rows = life.connection.execute("select record_id from raw.person_records where batch_id = %s", [batch])
    return {row[0] for row in rows.fetchall()}


def _keep(life: "Life", batch: str, connection: Connection) -> Applied:
    """Apply it; only then it waits no longer."""
    applied = apply_batch(connection, batch, policy=life.world.policy)
    life.waiting = [each for each in life.waiting if each != batch]
    life.applied[batch] = applied
    return applied


def _apply(life: "Life", batch: str) -> Act:
    def then(before: State, after: State, result: Applied) -> Iterator[str]:
        if apply_batch(life.connection, batch, policy=life.world.policy) != result:
            yield "applied again, a batch tells something else"
        if life.random.random() < 0.3 and not observe(life.connection).same_as(after):
            yield "applied again, a batch writes something"
        missing = _records_of_batch(life, batch) - after.members.keys()
        if missing:
            yield f"records without a person: {sorted(missing)}"
        if len(after.changes) > len(before.changes):
            moved = {r for r, p in before.members.items() if after.members.get(r) != p}
            lost = {before.members[r] for r in moved}
            if any(after.records_of(person_id) for person_id in lost):
                yield "a batch split a person"

    return Act(f"{batch} applied", lambda c: _keep(life, batch, c), _records_of_batch(life, batch), then)


def deliver_again(life: "Life") -> Act | None:
    if not life.applied:
        return None
    batch = life.random.choice(sorted(life.applied))

    def then(before: State, after: State, result: Applied) -> Iterator[str]:
        first = life.applied[batch]
        if replace(result, cases_updated=0, cases_closed=0) != replace(first, cases_updated=0, cases_closed=0):
            yield f"applied again later, a batch tells {result} instead of {first}"
        if not before.same_as(after):
            yield "a re-delivery wrote something"

    return Act(
        f"{batch} again", lambda c: apply_batch(c, batch, policy=life.world.policy),
        _records_of_batch(life, batch), then,
    )  # fmt: skip


def forget(life: "Life") -> Act | None:
    here = sorted(name for name, record in life.world.ids.items() if record in life.state.members)
    if not here:
        return None
    source = life.world.identity[life.random.choice(here)]
    of_it = [name for name, record in life.world.ids.items() if life.world.identity[name] == source]
    roots = {life.world.ids[name] for name in of_it}
    # What shared a prediction, decision or case with it is looked at again.
    near = life.connection.execute(
        "select record_id_l, record_id_r from matching.predictions"
        " where record_id_l = any (%(ids)s) or record_id_r = any (%(ids)s)", {"ids": list(roots)},
    ).fetchall()  # fmt: skip
    near += [each.pair for each in life.state.decisions.values() if set(each.pair) & roots]
    near += [pair for case in life.state.open_cases().values() if life.about(case) & roots for pair in case.pairs]
    policy = life.world.policy

    def then(_before: State, after: State, _result: Any) -> Iterator[str]:
        if life.gone & after.members.keys():
            yield "what was withdrawn is still there"

    return Act(
        f"withdrawal of {of_it}", lambda c: withdraw(c, *source, actor="s", policy=policy),
        roots | {record for pair in near for record in pair}, then,
    )  # fmt: skip


def switch_model(life: "Life") -> Act:
    life.world.potential, life.world.auto = life.random.choice([(0.3, 0.9), (0.3, 0.9), (0.55, 0.96), (0.3, 0.94)])
    life.thresholds.add((life.world.potential, life.world.auto))
    life.world.model()

    def then(before: State, after: State, _result: Any) -> Iterator[str]:
        if not before.same_as(after):
            yield "activating a model changed identities"

    return Act(f"another model: {life.world.potential}, {life.world.auto}", lambda _c: None, set(), then)


def rematch(life: "Life") -> Act | None:
    """Some predictions are gone, some are other ones, some are new."""
    names = {record: name for name, record in life.world.ids.items() if record in life.state.members}
    old = life.connection.execute(
        "select record_id_l, record_id_r, match_probability from matching.predictions order by 1, 2"
    ).fetchall()
    kept = [(names[left], names[right], probability) for left, right, probability in old
            if left in names and right in names and life.random.random() < 0.85]  # fmt: skip
    if len(names) > 1:
        kept += _predictions(life, sorted(names.values()), sorted(names.values()), len(names) // 3)
    life.connection.execute("with a as (delete from matching.rescored_predictions) delete from matching.rescorings")
    life.connection.execute(
        "insert into matching.rescorings (model_id, seen_change_id)"
        " select %s, coalesce(max(change_id), 0) from identity.changes", [life.world.model_id],
    )  # fmt: skip
    life.connection.execute(
        "insert into matching.rescored_predictions select %s, l, r, weight, probability, '{}', '{}'"
        " from json_to_recordset(%s::json) as row (l bigint, r bigint, weight float8, probability float8)",
        [life.world.model_id, json.dumps(life.world.weighed(kept))],
    )
    life.connection.commit()
    wide = life.random.random() < 0.7
    rules = RematchRules(life.random.random() < 0.6, 0.55, *((1.0, 1.0) if wide else (0.2, 0.1)))
    approved, policy = life.random.random() < 0.3, life.world.policy
    plan = plan_rematch(life.connection, policy=policy, rules=rules)

    def then(before: State, after: State, result: Any) -> Iterator[str]:
        if result != plan:
            yield "what was done is not what was planned"
        living = sum(each.retired is None for each in after.persons.values())
        if living != plan.persons_after:
            yield f"{living} persons live, {plan.persons_after} were planned"
        if not rules.may_split:
            moved = {r for r, p in before.members.items() if after.members.get(r) != p}
            if any(after.records_of(before.members[r]) for r in moved):
                yield "a rematch that may not split a person split one"

    return Act(
        f"rematch, {rules}, approved {approved}",
        lambda c: apply_rematch(c, approved=approved, policy=policy, rules=rules), None, then,
    )  # fmt: skip
