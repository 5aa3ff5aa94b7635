"""One random life of an index: what happens to it, and whether the promises hold after each step."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity import settle
from empi_pipeline.identity.apply import Applied, apply_batch
from empi_pipeline.identity.decisions import PersonUpdate, confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError, PlanRefusedError, StalePredictions
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.plan import RematchRules, apply_rematch, plan_rematch
from empi_pipeline.identity.queries import person, persons_at, records_at
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.properties.histories.cut import Killed, dying
from empi_pipeline_tests.properties.histories.observed import State, observe, reach, wrong_between, wrong_in
from empi_pipeline_tests.properties.histories.scratch import differs_from_scratch
from empi_pipeline_tests.properties.histories.world import QuickWorld, empty

GUARDS = [NO_GUARDS, Guards(), Guards(max_person_size=3, weak_bridge_side=2)]
PROBABILITIES = [0.4, 0.5, 0.6, 0.92, 0.95, 0.97, 0.999]
REFUSALS = (ConflictError, InvalidDecisionError, NotFoundError, PlanRefusedError, StalePredictions)


class ViolationError(AssertionError):
    """A promise was broken; tells the step and what was wrong."""


@dataclass(frozen=True)
class Act:
    """Something that somebody does in one transaction.

    Attributes:
        told: What it is, to find one's way in a failed history.
        run: Does it, on whatever connection.
        roots: Records it is about; None for all.
        then: Looks at the states before and after, and at what it returned.
    """

    told: str
    run: Callable[[Connection], Any]
    roots: set[int] | None
    then: Callable[[State, State, Any], Iterator[str]] = lambda _before, _after, _result: iter(())


class Life:
    """A random history; the same seed lives the same life.

    `harm` is a statement that follows each act, to see that something is noticed.
    """

    def __init__(self, connection: Connection, url: str, seed: int, *, kills: float = 0.2) -> None:
        self.random = random.Random(seed)
        self.connection, self.url, self.kills = connection, url, kills
        connection.rollback()
        empty(connection)
        settle.new_person_ids = self._person_ids  # What ids come out of the hat must not depend on the day either.
        self.world = QuickWorld(
            connection,
            guards=self.random.choice(GUARDS),
            untrusted=self.random.choice([frozenset(), frozenset({"loose"})]),
            quick=self.random.random() < 0.95,
        )
        connection.commit()
        self.thresholds = {(self.world.potential, self.world.auto)}
        self.human: dict[str, int] = {}
        self.born = 0
        self.waiting: list[str] = []
        self.applied: dict[str, Applied] = {}
        self.past: list[State] = []
        self.gone: set[int] = set()
        self.log: list[str] = []
        self.done_before_death = False
        self.harm: str | None = None
        self.state = observe(connection)
        self.after_change: dict[int, State] = {0: self.state}

    def _person_ids(self, count: int) -> pa.Array:
        bits = sorted(self.random.getrandbits(128) for _ in range(count))
        texts = [f"{each:032x}" for each in bits]
        return pa.array([f"{t[:8]}-{t[8:12]}-4{t[13:16]}-a{t[17:20]}-{t[20:]}" for t in texts], pa.string())

    def live(self, steps: int) -> None:
        """Live on for some steps.

        Raises:
            ViolationError: Something happened that must not.
        """
        choices = {
            self.load: 5, self.apply_waiting: 2, self.deliver_again: 1, self.answer: 5, self.arrange: 2, self.merge: 2,
            self.split: 1, self.take_back: 3, self.forget: 1, self.rematch: 2, self.switch_model: 1,
        }  # fmt: skip
        for _ in range(steps):
            makers = self.random.choices(list(choices), list(choices.values()))
            try:
                act = makers[0]()
                self.connection.commit()
                if act is not None:
                    self.do(act)
            except REFUSALS as error:
                raise ViolationError(f"refused outside of an act: {error!r}\n" + self.story()) from error
        faults = list(differs_from_scratch(self.connection, self.world, self.state, len(self.thresholds) == 1))
        faults += list(self._wrong_past(3))
        faults += [
            f"{each} resolves to {found.person_id}"
            for each in self.random.sample(sorted(self.state.persons), min(2, len(self.state.persons)))
            if (found := person(self.connection, each)).person_id not in self.state.members.values() and found.records
        ]
        if faults:
            raise ViolationError("at the end: " + "; ".join(faults) + "\n" + self.story())

    def story(self) -> str:
        return "\n".join(f"  {number}. {line}" for number, line in enumerate(self.log, start=1))

    def do(self, act: Act) -> None:
        if self.random.random() < self.kills:
            self._killed(act)
        before = self.state
        edges = self._edges(before)
        outcome, result = self._tried(act, self.connection)
        self.log.append(f"{act.told}: {outcome}")
        after = self.state = self._look()
        faults = []
        if outcome != "done" and not after.same_as(before):
            faults.append("it was refused and wrote something")
        if self.done_before_death and not after.same_as(before):
            faults.append("killed after it was done, it was done again")
        self.done_before_death = False
        self._complain(
            act, before, after, edges, [*faults, *(act.then(before, after, result) if outcome == "done" else ())]
        )

    def _killed(self, act: Act) -> None:
        """Do it, and die at some statement: all of it is there then, or nothing."""
        before = self.state
        fatal = self.random.randint(1, 50)
        dice = self.random.getstate()
        try:
            with dying(self.url, fatal) as doomed:
                self._tried(act, doomed)
        except Killed:
            pass
        self.random.setstate(dice)
        edges = self._edges(before)
        self.connection.rollback()
        after = self.state = self._look()
        self.log.append(f"{act.told}: killed at statement {fatal}")
        self._complain(act, before, after, edges, [])
        if len(after.changes) == len(before.changes) and not after.same_as(before):
            raise ViolationError("killed, it left something behind\n" + self.story())
        self.done_before_death = len(after.changes) > len(before.changes)

    def _tried(self, act: Act, connection: Connection) -> tuple[str, Any]:
        try:
            result = act.run(connection)
            if self.harm:
                connection.execute(self.harm)
            return "done", result
        except REFUSALS as error:
            connection.rollback()
            return f"refused ({type(error).__name__})", None
        finally:
            if not connection.closed:
                connection.commit()

    def _complain(self, act: Act, before: State, after: State, edges: dict[int, set[int]], faults: list[str]) -> None:
        if not after.same_as(before) or "another model" in act.told:
            faults += self._wrong_step(act, before, after, edges)
        if len(after.changes) > len(before.changes):
            self.after_change[len(after.changes)] = after
            self.past.append(after)
        faults += list(self._wrong_past(1))
        self.connection.commit()
        if faults:
            raise ViolationError("; ".join(faults) + "\n" + self.story())

    def _wrong_step(self, act: Act, before: State, after: State, edges: dict[int, set[int]]) -> list[str]:
        for record, others in self._edges(after).items():
            edges.setdefault(record, set()).update(others)
        reached = None if act.roots is None else reach(act.roots, edges)
        faults = [*wrong_in(after), *wrong_between(before, after, reached)]
        faults += map(str, verify(self.connection))
        return [*faults, *map(str, verify_evidence(self.connection, self.world.policy))]

    def _look(self) -> State:
        """The state as it is now; what was withdrawn is forgotten here too."""
        state = observe(self.connection)
        withdrawn = {event[3] for event in state.events if event[2] == "record_withdrawn"}
        if withdrawn - self.gone:
            left = self.connection.execute("select record_id from raw.person_records").fetchall()
            here = {record for (record,) in left}
            self.gone |= {record for record in self.world.ids.values() if record not in here}
            self.world.ids = {name: record for name, record in self.world.ids.items() if record in here}
        return state

    def _wrong_past(self, many: int) -> Iterator[str]:
        """Whether moments of the past look as they did then."""
        for then in self.random.sample(self.past, min(many, len(self.past))):
            if not then.persons:
                continue
            person_id = self.random.choice(sorted(then.persons))
            owned = set(records_at(self.connection, person_id, then.at))
            if owned - self.gone != then.records_of(person_id) - self.gone:
                yield f"{person_id} had other records after change {len(then.changes)} than is told now"
            if self.world.ids:
                source = self.world.identity[self.random.choice(sorted(self.world.ids))]
                mine = {self.world.ids[name] for name, each in self.world.identity.items()
                        if each == source and name in self.world.ids}  # fmt: skip
                told = {each.record_id: each.person_id for each in persons_at(self.connection, *source, then.at)}
                if told != {record: then.members[record] for record in mine if record in then.members}:
                    yield f"a source identity had other persons after change {len(then.changes)} than is told now"

    def _edges(self, state: State) -> dict[int, set[int]]:
        """What may carry a change from one record to another."""
        edges: dict[int, set[int]] = {}
        groups: dict[Any, list[int]] = {}
        for record, person_id in state.members.items():
            groups.setdefault(person_id, []).append(record)
        for name, record in self.world.ids.items():
            source = self.world.identity[name]
            if record in state.members and source[0] not in self.world.untrusted:
                groups.setdefault(source, []).append(record)
        pairs = self.connection.execute(
            "select record_id_l, record_id_r from matching.predictions join matching.model using (model_id)"
            " where match_probability > auto_threshold"
        ).fetchall()
        for group in [*groups.values(), *pairs]:
            for record in group:
                edges.setdefault(record, set()).update(group)
        return edges

    # What may happen; each chooses, and gives back what is then done.

    def load(self) -> Act | None:
        old = sorted(self.world.ids)
        names = [f"r{self.born + number}" for number in range(self.random.randint(1, 5))]
        self.born += len(names)
        records = {}
        for name in names:
            self.human[name] = self.random.randint(1, 8)
            like = random.Random(self.human[name])
            values = {"birth_date": like.choice("123"), "sex": like.choice("fm"), "first_name": like.choice("ab")}
            for key in values:
                if self.random.random() < 0.15:
                    values[key] = self.random.choice("13fmb")
            records[name] = {key: value for key, value in values.items() if self.random.random() < 0.4}
            records[name]["data_source"] = self.random.choice(["test", "test", "loose"])
            if old and self.random.random() < 0.2:
                source = self.world.identity[self.random.choice(old)]
                records[name]["data_source"], records[name]["source_person_id"] = source
        in_index = [name for name in old if self.world.ids[name] in self.state.members]
        predictions = self._predictions(names, names + in_index, 2 * len(names))
        batch = self.world.deliver(records, predictions)
        self.applied.pop(batch, None)
        self.log.append(f"{batch} delivered: {', '.join(names)}")
        if self.random.random() < 0.15:
            self.waiting.append(batch)
            return None
        return self._apply(batch)

    def _predictions(self, some: list[str], others: list[str], most: int) -> list[tuple[str, str, float]]:
        found = {}
        for _ in range(self.random.randint(0, most)):
            one, other = self.random.choice(some), self.random.choice(others)
            if self.random.random() < 0.5:
                alike = [name for name in others if self.human[name] == self.human[one]]
                other = self.random.choice(alike or [other])
            found[tuple(sorted((one, other)))] = self.random.choice(PROBABILITIES)
        return [(*pair, probability) for pair, probability in sorted(found.items())]

    def apply_waiting(self) -> Act | None:
        """A batch that others overtook is scored again first, or refused."""
        if not self.waiting:
            return None
        batch = self.waiting.pop(self.random.randrange(len(self.waiting)))
        names = [name for name, record in self.world.ids.items() if record in self._records_of_batch(batch)]
        if not names:
            return None
        if self.random.random() < 0.3 or not self.state.changes:
            self.waiting.append(batch)
            return Act(
                f"{batch} applied as it was scored", lambda c: self._keep(batch, c), self._records_of_batch(batch)
            )
        in_index = [name for name in sorted(self.world.ids) if self.world.ids[name] in self.state.members]
        self.world.predict(batch, self._predictions(names, names + in_index, len(names)))
        self.world.scored(batch)
        return self._apply(batch)

    def _records_of_batch(self, batch: str) -> set[int]:
        rows = self.connection.execute("select record_id from raw.person_records where batch_id = %s", [batch])
        return {row[0] for row in rows.fetchall()}

    def _keep(self, batch: str, connection: Connection) -> Applied:
        """Apply it; only then it waits no longer."""
        applied = apply_batch(connection, batch, policy=self.world.policy)
        self.waiting = [each for each in self.waiting if each != batch]
        self.applied[batch] = applied
        return applied

    def _apply(self, batch: str) -> Act:
        def then(before: State, after: State, result: Applied) -> Iterator[str]:
            if apply_batch(self.connection, batch, policy=self.world.policy) != result:
                yield "applied again, a batch tells something else"
            if self.random.random() < 0.3 and not observe(self.connection).same_as(after):
                yield "applied again, a batch writes something"
            missing = self._records_of_batch(batch) - after.members.keys()
            if missing:
                yield f"records without a person: {sorted(missing)}"
            if len(after.changes) > len(before.changes):
                moved = {r for r, p in before.members.items() if after.members.get(r) != p}
                lost = {before.members[r] for r in moved}
                if any(after.records_of(person_id) for person_id in lost):
                    yield "a batch split a person"

        return Act(f"{batch} applied", lambda c: self._keep(batch, c), self._records_of_batch(batch), then)

    def deliver_again(self) -> Act | None:
        if not self.applied:
            return None
        batch = self.random.choice(sorted(self.applied))

        def then(before: State, after: State, result: Applied) -> Iterator[str]:
            first = self.applied[batch]
            if replace(result, cases_updated=0, cases_closed=0) != replace(first, cases_updated=0, cases_closed=0):
                yield f"applied again later, a batch tells {result} instead of {first}"
            if not before.same_as(after):
                yield "a re-delivery wrote something"

        return Act(
            f"{batch} again", lambda c: apply_batch(c, batch, policy=self.world.policy),
            self._records_of_batch(batch), then,
        )  # fmt: skip

    def _some_case(self) -> tuple[int, Any] | None:
        cases = self.state.open_cases()
        return (number := self.random.choice(sorted(cases)), cases[number]) if cases else None

    def _about(self, case: Any) -> set[int]:
        persons = self.state.persons_of(case)
        return {record for record, owner in self.state.members.items() if owner in persons}

    def answer(self) -> Act | None:
        chosen = self._some_case()
        if chosen is None:
            return None
        number, case = chosen
        act, policy = self.random.choice([confirm, reject, reject]), self.world.policy
        version = case.version - (self.random.random() < 0.05)
        pairs = sorted(case.pairs)
        some = self.random.sample(pairs, self.random.randint(1, len(pairs))) if self.random.random() < 0.4 else None
        overrule = self.random.random() < 0.3

        def then(before: State, after: State, _result: Any) -> Iterator[str]:
            kind = "must_link" if act is confirm else "cannot_link"
            if not {(pair, kind) for pair in some or pairs} <= set(after.in_force().items()):
                yield "what was decided is not in force"
            asked = after.cases[number].pairs if after.cases[number].status == "open" else frozenset()
            if asked & set(some or pairs) and before.cases[number].kind != "conflict":
                yield "a pair that was answered is still asked"

        return Act(
            f"{act.__name__} case {number} ({case.kind}), pairs {some or 'all'}{', overruling' if overrule else ''}",
            lambda c: act(c, number, version, actor="s", pairs=some, policy=policy, overrule=overrule),
            self._about(case), then,
        )  # fmt: skip

    def _live_persons(self) -> list[tuple[str, int]]:
        return sorted((p, each.version) for p, each in self.state.persons.items() if each.retired is None)

    def arrange(self) -> Act | None:
        """Any records of a case or of some persons are handed out anew."""
        chosen = self._some_case() if self.random.random() < 0.6 else None
        if chosen:
            persons = sorted(self.state.persons_of(chosen[1]))
        else:
            live = [person_id for person_id, _ in self._live_persons()]
            persons = self.random.sample(live, min(len(live), self.random.randint(1, 3)))
        if not persons:
            return None
        if chosen and self.random.random() < 0.3:
            persons = self.random.sample(persons, self.random.randint(0, len(persons)))
        records = sorted(record for each in persons for record in self.state.records_of(each))
        places: list[set[int]] = [set() for _ in range(len(persons) + self.random.randint(0, 2))]
        for record in records:
            stay = persons.index(self.state.members[record])
            self.random.choice([places[stay], self.random.choice(places)]).add(record)
        updates = [
            PersonUpdate(each, self.state.persons[each].version, frozenset(places[number]))
            for number, each in enumerate(persons)
        ]
        updates += [PersonUpdate(None, None, frozenset(place)) for place in places[len(persons) :] if place]
        overrule, policy = self.random.random() < 0.5, self.world.policy
        number, case = chosen or (None, None)
        version = case.version if case else None

        def then(_before: State, after: State, _result: Any) -> Iterator[str]:
            for update in updates:
                owners = {after.members[record] for record in update.record_ids}
                if len(owners) > 1:
                    yield "records are not where the steward put them"
            owners = [{after.members[r] for r in update.record_ids} for update in updates if update.record_ids]
            if len(set().union(*owners)) < len(owners):
                yield "sets that a steward told apart are one person"

        return Act(
            f"partition {[sorted(each.record_ids) for each in updates]} of case {number}",
            lambda c: partition(
                c, updates, actor="s", case_id=number, case_version=version, policy=policy, overrule=overrule
            ),
            set(records) | (self._about(case) if case else set()), then,
        )  # fmt: skip

    def merge(self) -> Act | None:
        live = self._live_persons()
        if len(live) < 2:
            return None
        chosen = self.random.sample(live, self.random.randint(2, min(3, len(live))))
        overrule, policy = self.random.random() < 0.5, self.world.policy
        records = {record for record, owner in self.state.members.items() if owner in dict(chosen)}

        def then(_before: State, after: State, _result: Any) -> Iterator[str]:
            if len({after.members[record] for record in records}) != 1:
                yield "merged records are not one person"

        return Act(
            f"merge of {len(chosen)} persons, records {sorted(records)}",
            lambda c: merge(c, chosen, actor="s", policy=policy, overrule=overrule),
            records, then,
        )  # fmt: skip

    def split(self) -> Act | None:
        several = [(p, v) for p, v in self._live_persons() if self.state.persons[p].record_count > 1]
        if not several:
            return None
        person_id, version = self.random.choice(several)
        records = sorted(self.state.records_of(person_id))
        group = frozenset(self.random.sample(records, self.random.randint(1, len(records) - 1)))
        overrule, policy = self.random.random() < 0.5, self.world.policy

        def then(_before: State, after: State, _result: Any) -> Iterator[str]:
            # Evidence that was held back before may join either part with somebody else; never with each other.
            parts = [{after.members[record] for record in part} for part in (group, set(records) - group)]
            if sorted(map(len, parts)) != [1, 1] or parts[0] == parts[1]:
                yield "a split person did not come apart in two"

        return Act(
            f"split of {sorted(group)} from {records}",
            lambda c: split(c, person_id, version, [group], actor="s", policy=policy, overrule=overrule),
            set(records), then,
        )  # fmt: skip

    def take_back(self) -> Act | None:
        if not self.state.changes:
            return None
        last = len(self.state.changes)
        change = max(1, last - min(int(self.random.expovariate(1)), 4))
        moved = {row[3] for row in self.state.events if row[0] == change and row[3] is not None}
        roots = moved | {r for d in self.state.decisions.values() if change in (d.change_id, d.revoked) for r in d.pair}
        kind, policy = self.state.changes[change - 1][1], self.world.policy

        def then(before: State, after: State, _result: Any) -> Iterator[str]:
            was = self.after_change[change - 1]
            old = was.members.keys() - self.gone
            then_there, now = {r: was.members[r] for r in old}, {r: after.members[r] for r in old}
            if change == last and kind in {"decision", "undo"} and now != then_there:
                yield "taken back at once, records are not where they were"
            if change == last and kind in {"batch", "rematch"}:
                # The evidence stays, and may now join with others what was held back by the company it was in.
                parts: dict[str, set[str]] = {}
                for record, person_id in then_there.items():
                    parts.setdefault(person_id, set()).add(now[record])
                merged = {before.members[r] for r in old}
                apart = all(
                    len({now[r] for r in old if before.members[r] == each})
                    == len({then_there[r] for r in old if before.members[r] == each})
                    for each in merged
                )
                if not apart or any(len(each) > 1 for each in parts.values()):
                    yield "taken back at once, persons are not apart as they were"
            if change == last and kind in {"decision", "undo"} and after.in_force() != was.in_force():
                yield "taken back at once, decisions are not what they were"
            if change == last and kind == "decision":
                asked = {number: case.pairs for number, case in was.open_cases().items()}
                if {number: case.pairs for number, case in after.open_cases().items()} != asked:
                    yield "taken back at once, cases are not what they were"

        return Act(
            f"undo of change {change} ({kind})", lambda c: undo(c, change, actor="s", policy=policy), roots, then
        )

    def forget(self) -> Act | None:
        here = sorted(name for name, record in self.world.ids.items() if record in self.state.members)
        if not here:
            return None
        source = self.world.identity[self.random.choice(here)]
        of_it = [name for name, record in self.world.ids.items() if self.world.identity[name] == source]
        roots = {self.world.ids[name] for name in of_it}
        # What shared a prediction, decision or case with it is looked at again.
        near = self.connection.execute(
            "select record_id_l, record_id_r from matching.predictions"
            " where record_id_l = any (%(ids)s) or record_id_r = any (%(ids)s)", {"ids": list(roots)},
        ).fetchall()  # fmt: skip
        near += [each.pair for each in self.state.decisions.values() if set(each.pair) & roots]
        near += [pair for case in self.state.open_cases().values() if self._about(case) & roots for pair in case.pairs]
        policy = self.world.policy

        def then(_before: State, after: State, _result: Any) -> Iterator[str]:
            if self.gone & after.members.keys():
                yield "what was withdrawn is still there"

        return Act(
            f"withdrawal of {of_it}", lambda c: withdraw(c, *source, actor="s", policy=policy),
            roots | {record for pair in near for record in pair}, then,
        )  # fmt: skip

    def switch_model(self) -> Act:
        self.world.potential, self.world.auto = self.random.choice([(0.3, 0.9), (0.3, 0.9), (0.55, 0.96), (0.3, 0.94)])
        self.thresholds.add((self.world.potential, self.world.auto))
        self.world.model()

        def then(before: State, after: State, _result: Any) -> Iterator[str]:
            if not before.same_as(after):
                yield "activating a model changed identities"

        return Act(f"another model: {self.world.potential}, {self.world.auto}", lambda _c: None, set(), then)

    def rematch(self) -> Act | None:
        """Some predictions are gone, some are other ones, some are new."""
        names = {record: name for name, record in self.world.ids.items() if record in self.state.members}
        old = self.connection.execute(
            "select record_id_l, record_id_r, match_probability from matching.predictions order by 1, 2"
        ).fetchall()
        kept = [(names[left], names[right], probability) for left, right, probability in old
                if left in names and right in names and self.random.random() < 0.85]  # fmt: skip
        if len(names) > 1:
            kept += self._predictions(sorted(names.values()), sorted(names.values()), len(names) // 3)
        self.connection.execute("with a as (delete from matching.rescored_predictions) delete from matching.rescorings")
        self.connection.execute(
            "insert into matching.rescorings (model_id, seen_change_id)"
            " select %s, coalesce(max(change_id), 0) from identity.changes", [self.world.model_id],
        )  # fmt: skip
        self.connection.execute(
            "insert into matching.rescored_predictions select %s, l, r, weight, probability, '{}', '{}'"
            " from json_to_recordset(%s::json) as row (l bigint, r bigint, weight float8, probability float8)",
            [self.world.model_id, json.dumps(self.world.weighed(kept))],
        )
        self.connection.commit()
        wide = self.random.random() < 0.7
        rules = RematchRules(self.random.random() < 0.6, 0.55, *((1.0, 1.0) if wide else (0.2, 0.1)))
        approved, policy = self.random.random() < 0.3, self.world.policy
        plan = plan_rematch(self.connection, policy=policy, rules=rules)

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
