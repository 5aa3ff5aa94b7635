"""One random life of an index: what happens to it, and whether the promises hold after each step."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity import settle
from empi_pipeline.identity.apply import Applied
from empi_pipeline.identity.errors import InvalidDecisionError, PlanRefusedError, StalePredictions
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.queries import person, persons_at, records_at
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.properties.histories import pipeline_acts, steward_acts
from empi_pipeline_tests.properties.histories.act import Act
from empi_pipeline_tests.properties.histories.cut import Killed, dying
from empi_pipeline_tests.properties.histories.observed import Case, State, observe, reach, wrong_between, wrong_in
from empi_pipeline_tests.properties.histories.scratch import differs_from_scratch
from empi_pipeline_tests.properties.histories.world import QuickWorld, empty

GUARDS = [NO_GUARDS, Guards(), Guards(max_person_size=3, weak_bridge_side=2)]
REFUSALS = (ConflictError, InvalidDecisionError, NotFoundError, PlanRefusedError, StalePredictions)


ACTS: dict[Callable[["Life"], Act | None], int] = {
    pipeline_acts.load: 5,
    pipeline_acts.apply_waiting: 2,
    pipeline_acts.deliver_again: 1,
    steward_acts.answer: 5,
    steward_acts.arrange: 2,
    steward_acts.merge: 2,
    steward_acts.split: 1,
    steward_acts.take_back: 3,
    steward_acts.say: 1,
    pipeline_acts.forget: 1,
    pipeline_acts.rematch: 2,
    pipeline_acts.switch_model: 1,
}
"""What may happen, and how often."""


class ViolationError(AssertionError):
    """A promise was broken; tells the step and what was wrong."""


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
        for _ in range(steps):
            makers = self.random.choices(list(ACTS), list(ACTS.values()))
            try:
                act = makers[0](self)
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

    def about(self, case: Case) -> set[int]:
        """All records of the persons that a case asks about."""
        persons = self.state.persons_of(case)
        return {record for record, owner in self.state.members.items() if owner in persons}
