from collections.abc import Callable

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import PersonUpdate, Saved, confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.queries import person
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.verify import verify, verify_evidence
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.state import State, state_of
from empi_pipeline_tests.identity.world import World


def sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def sound(world: World) -> None:
    assert [str(problem) for problem in verify(world.connection)] == []
    assert [str(problem) for problem in verify_evidence(world.connection, world.policy)] == []


class Desk:
    """A steward who remembers the state before each change."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before: dict[int, State] = {}

    def at(self, name: str) -> tuple[str, int]:
        found = person(self.world.connection, self.world.person_of(name))
        return found.person_id, found.version

    def do(self, act: Callable[..., Saved], *arguments: object, **options: object) -> int:
        before = state_of(self.world.connection)
        saved = act(self.world.connection, *arguments, actor="ann", policy=self.world.policy, **options)
        self.before[saved.change_id] = before
        return saved.change_id

    def merge(self, *names: str, **options: object) -> int:
        return self.do(merge, [self.at(name) for name in names], **options)

    def split(self, name: str, off: str, **options: object) -> int:
        return self.do(split, *self.at(name), [frozenset(self.world.ids[each] for each in off)], **options)

    def undo(self, change: int, **options: object) -> int:
        return self.do(undo, change, **options)

    def undo_gives_back(self, change: int) -> int:
        made = self.undo(change)
        assert state_of(self.world.connection) == self.before[change]
        return made


def test_a_decision_overruled_and_made_again_is_taken_back_step_by_step(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5), ("b", "c", 0.5)])
    desk = Desk(world)
    first = desk.merge("a", "b")
    overruled = desk.split("a", "b", overrule=True)
    again = desk.merge("a", "b", overrule=True)
    assert world.persons() == sets("ab", "c")
    for change in (again, overruled, first):
        desk.undo_gives_back(change)
    assert world.persons() == sets("a", "b", "c")
    assert world.cases() == {1: ("potential_match", world.cases()[1][1], frozenset({"a-b", "b-c"}))}
    sound(world)


def test_a_change_made_again_by_taking_its_undo_back_is_taken_back_as_at_first(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    desk = Desk(world)
    rejected = desk.do(reject, 1, 1)
    undone = desk.undo_gives_back(rejected)
    redone = desk.undo_gives_back(undone)
    assert world.cases() == {}
    # Either the change itself or the undo that made it again: both ask again under the old id.
    desk.undo_gives_back(redone)
    assert list(world.cases()) == [1]
    with pytest.raises(ConflictError, match=f"change {rejected} was taken back already"):
        desk.undo(rejected)
    desk.undo(undone)
    desk.undo(rejected)
    assert state_of(connection) == desk.before[rejected]
    sound(world)


def test_what_a_later_decision_builds_on_is_not_taken_back_and_nothing_is_written(connection: Connection) -> None:
    world = World(connection)
    world.load("abcd")
    desk = Desk(world)
    first = desk.merge("a", "b")
    second = desk.merge("a", "c", "d")
    moved_again = desk.split("b", "b", overrule=True)
    before = state_of(connection)
    with pytest.raises(ConflictError, match=f"take change {moved_again} back first; nothing was saved"):
        desk.undo(first)
    assert state_of(connection) == before
    for change in (moved_again, second, first):
        desk.undo_gives_back(change)
    sound(world)


def test_a_decision_said_again_on_stronger_evidence_is_taken_back_last_said_first(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    desk = Desk(world)
    first = desk.do(reject, 1, 1)
    world.load("k", [("a", "k", 0.99), ("b", "k", 0.95)])
    second = desk.do(reject, 2, 1)
    third = desk.do(partition, [])
    assert third == second + 1
    desk.undo_gives_back(second)
    desk.undo(first)
    assert world.persons() == sets("abk")  # Nothing speaks against the bridge any more.
    sound(world)


def test_an_automatic_merge_taken_back_leaves_later_records_to_their_evidence(connection: Connection) -> None:
    world = World(connection)
    world.load("a")
    world.load("b")
    first, second = world.person_of("a"), world.person_of("b")
    applied = world.load("k", [("a", "k", 0.99), ("b", "k", 0.97)])
    stays, goes = ("a", "b") if world.person_of("k") == first else ("b", "a")
    world.load("xy", [(stays, "x", 0.99), (goes, "y", 0.99)])
    assert applied.change_id is not None
    Desk(world).undo(applied.change_id)
    assert world.persons() == {frozenset([stays, "k", "x"]), frozenset([goes, "y"])}
    assert {world.person_of("a"), world.person_of("b")} == {first, second}
    # The two persons are told apart, and nobody else.
    world.load("z", [(goes, "z", 0.99), ("x", "z", 0.95)])
    assert world.persons() == {frozenset([stays, "k", "x"]), frozenset([goes, "y", "z"])}
    told_apart = {(world.names()[left], world.names()[right]) for _, left, right, _ in state_of(connection).decisions}
    assert all("x" not in pair and "y" not in pair for pair in told_apart)
    sound(world)


def test_an_automatic_merge_since_is_no_obstacle_and_goes_where_the_evidence_is(connection: Connection) -> None:
    world = World(connection)
    world.load("abz")
    ids = {name: world.person_of(name) for name in "abz"}
    desk = Desk(world)
    merged = desk.merge("a", "b")
    world.load("k", [("b", "k", 0.99), ("z", "k", 0.99)])
    assert world.persons() == sets("abzk")
    desk.undo(merged)
    assert world.persons() == sets("a", "bzk")
    assert world.person_of("a") == ids["a"]
    assert world.person_of("b") in {ids["b"], ids["z"]}
    sound(world)


def test_a_partition_is_taken_back_whole(connection: Connection) -> None:
    world = World(connection)
    world.load("abcdef", [("a", "b", 0.99), ("c", "d", 0.99), ("b", "c", 0.5), ("d", "e", 0.5), ("e", "f", 0.5)])
    desk = Desk(world)

    def records(names: str) -> frozenset[int]:
        return frozenset(world.ids[name] for name in names)

    updates = [PersonUpdate(*desk.at("a"), records("ac")), PersonUpdate(*desk.at("c"), records("")),
               PersonUpdate(None, None, records("bd"))]  # fmt: skip
    change = desk.do(partition, updates, case_id=1, case_version=1)
    assert world.persons() == sets("ac", "bd", "e", "f")
    redo = desk.undo_gives_back(desk.undo_gives_back(change))
    assert world.persons() == sets("ac", "bd", "e", "f")
    desk.undo(redo)
    assert state_of(connection) == desk.before[change]
    sound(world)


def test_one_person_of_a_merge_is_given_back_and_the_rest_stays_merged(connection: Connection) -> None:
    world = World(connection)
    world.load("abc")
    desk = Desk(world)
    merged = desk.merge("a", "b", "c")
    owner = world.person_of("a")
    had = {person_id: world.names()[record] for person_id, (record,) in desk.before[merged].persons.items()}
    gone = {had[person_id]: person_id for person_id in person(connection, owner).retired_ids}
    one, other = sorted(gone)
    desk.undo(merged, person_id=gone[one])
    assert world.person_of(one) == gone[one]
    assert world.person_of(other) == owner
    sound(world)
    with pytest.raises(ConflictError, match="was taken back already"):
        desk.undo(merged, person_id=gone[one])


def test_a_partial_confirmation_is_taken_back_under_the_same_case(connection: Connection) -> None:
    world = World(connection)
    world.load("abcd", [("a", "b", 0.5), ("b", "c", 0.5), ("c", "d", 0.6)])
    desk = Desk(world)
    pair = [(world.ids["b"], world.ids["c"])]
    confirmed = desk.do(confirm, 1, 1, pairs=pair)
    rejected = desk.do(reject, 1, 2, pairs=[(world.ids["a"], world.ids["b"])])
    assert world.persons() == sets("a", "bc", "d")
    desk.undo_gives_back(rejected)
    desk.undo_gives_back(confirmed)
    sound(world)


def test_cases_that_a_decision_made_one_are_two_again_under_their_ids(connection: Connection) -> None:
    world = World(connection)
    world.load("abcdefg", [("a", "b", 0.5), ("c", "d", 0.5), ("d", "e", 0.5), ("e", "f", 0.5)])
    desk = Desk(world)
    merged = desk.merge("b", "c")
    assert list(world.cases()) == [1]
    desk.undo_gives_back(merged)
    assert sorted(world.cases()) == [1, 2]


def test_what_evidence_would_join_again_at_once_is_taken_back_once_and_then_refused(connection: Connection) -> None:
    world = World(connection)
    world.load("ab")
    merged = merge(connection, [(world.person_of(name), 1) for name in "ab"], actor="ann", policy=world.policy)
    world.load("k", [("a", "k", 0.99), ("b", "k", 0.99)])
    saved = undo(connection, merged.change_id, actor="ann", policy=world.policy)
    assert (saved.decisions_revoked, saved.records_moved, world.persons()) == (1, 0, {frozenset("abk")})
    with pytest.raises(ConflictError, match="changes nothing any more"):
        undo(connection, merged.change_id, actor="ann", policy=world.policy)
    assert connection.execute("select max(change_id) from identity.changes").fetchone() == (saved.change_id,)


def test_giving_one_person_back_tells_what_is_wrong_with_the_question(connection: Connection) -> None:
    world = World(connection)
    world.load("abcd")
    ids = {name: world.person_of(name) for name in "abcd"}
    saved = merge(connection, [(ids[name], 1) for name in "abc"], actor="ann", policy=world.policy)
    gone = next(ids[name] for name in "abc" if ids[name] != world.person_of("a"))
    with pytest.raises(InvalidDecisionError, match=f"took no record from person {ids['d']}"):
        undo(connection, saved.change_id, person_id=ids["d"], actor="ann", policy=world.policy)
    undo(connection, saved.change_id, person_id=gone, actor="ann", policy=world.policy)
    with pytest.raises(ConflictError, match=f"what person {gone} had was taken back already"):
        undo(connection, saved.change_id, person_id=gone, actor="ann", policy=world.policy)
