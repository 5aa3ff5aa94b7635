from collections.abc import Callable

import pytest

from empi_pipeline.errors import ConflictError
from empi_pipeline.identity.decisions import PersonUpdate, confirm, merge, partition, reject, split
from empi_pipeline.identity.errors import ContradictionError, InvalidDecisionError
from empi_pipeline.identity.evidence import NO_GUARDS, Guards
from empi_pipeline.identity.queries import decisions_among, person
from empi_pipeline.identity.stewardship import Saved
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.state import state_of
from empi_pipeline_tests.identity.world import World


def sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def test_a_confirmed_case_joins_its_persons_and_stays_joined(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5), ("b", "c", 0.99)])
    saved = confirm(connection, 1, 1, actor="ann", note="same face", policy=world.policy)
    assert world.persons() == sets("abc")
    assert world.cases() == {}
    assert world.cases(status="closed")[1][1] == 2
    assert saved.records_moved == 1


def test_rejected_persons_never_join_and_an_auto_match_between_them_opens_a_conflict(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    reject(connection, 1, 1, actor="ann", policy=world.policy)
    assert (world.persons(), world.cases()) == (sets("a", "b"), {})
    world.load("k", [("a", "k", 0.99), ("b", "k", 0.95)])
    assert world.persons() == sets("ak", "b")
    assert world.cases() == {2: ("conflict", 1, frozenset({"b-k"}))}
    # The same evidence, rejected once more, is answered; only stronger evidence would ask again.
    reject(connection, 2, 1, actor="ann", policy=world.policy)
    world.load("l", [("a", "l", 0.99)])
    assert (world.persons(), world.cases()) == (sets("akl", "b"), {})


def test_a_stale_version_writes_nothing(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    world.load("c", [("c", "b", 0.5)])
    before = connection.execute("select count(*) from identity.changes").fetchone()
    with pytest.raises(ConflictError, match="version 2, not 1"):
        confirm(connection, 1, 1, actor="ann", policy=world.policy)
    assert connection.execute("select count(*) from identity.changes").fetchone() == before
    confirm(connection, 1, 2, actor="ann", policy=world.policy)
    with pytest.raises(ConflictError, match="closed already"):
        confirm(connection, 1, 3, actor="bob", policy=world.policy)


def test_a_partial_confirmation_leaves_the_rest_of_the_case_open(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5), ("b", "c", 0.5)])
    confirm(connection, 1, 1, actor="ann", pairs=[(world.ids["a"], world.ids["b"])], policy=world.policy)
    assert world.persons() == sets("ab", "c")
    assert world.cases() == {1: ("potential_match", 2, frozenset({"b-c"}))}


def test_a_split_person_stays_split_when_evidence_that_joined_it_comes_again(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.99), ("b", "c", 0.99)])
    whole = world.person_of("a")
    split(connection, whole, 1, [frozenset({world.ids["c"]})], actor="ann", policy=world.policy)
    assert world.persons() == sets("ab", "c")
    assert world.person_of("a") == whole
    world.load("k", [("a", "k", 0.99), ("c", "k", 0.95)])
    assert world.persons() == sets("abk", "c")
    assert [case[0] for case in world.cases().values()] == ["conflict"]


def test_undoing_a_merge_gives_the_old_ids_back_and_undoing_that_merges_again(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.99)])
    first, second = world.person_of("a"), world.person_of("c")
    merged = merge(connection, [(first, 1), (second, 1)], actor="ann", policy=world.policy)
    assert world.persons() == sets("abc")
    assert person(connection, second).person_id == first
    back = undo(connection, merged.change_id, actor="bob", policy=world.policy)
    assert (world.person_of("a"), world.person_of("c")) == (first, second)
    assert connection.execute("select count(*) from identity.decisions where revoked_change_id is null").fetchone() == (
        0,
    )
    with pytest.raises(ConflictError, match="already"):
        undo(connection, merged.change_id, actor="bob", policy=world.policy)
    undo(connection, back.change_id, actor="bob", policy=world.policy)
    assert world.persons() == sets("abc")


def test_an_automatic_merge_taken_back_does_not_happen_again(connection: Connection) -> None:
    world = World(connection)
    world.load("a")
    world.load("b")
    ids = world.person_of("a"), world.person_of("b")
    applied = world.load("k", [("a", "k", 0.99), ("b", "k", 0.99)])
    assert world.persons() == sets("abk")
    assert applied.change_id is not None
    undo(connection, applied.change_id, actor="ann", policy=world.policy)
    assert world.person_of("b") == ids[1] or world.person_of("a") == ids[0]
    assert len(world.persons()) == 2
    world.load("l", [("a", "l", 0.99), ("b", "l", 0.95)])
    assert len(world.persons()) == 2


def test_contradictions_are_shown_and_can_be_overruled(connection: Connection) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5), ("b", "c", 0.5)])
    a, b = (world.ids[name] for name in "ab")
    ids = {name: world.person_of(name) for name in "abc"}
    reject(connection, 1, 1, actor="ann", pairs=[(a, b)], policy=world.policy)
    merge(connection, [(ids["b"], 1), (ids["c"], 1)], actor="ann", policy=world.policy)
    owner = person(connection, world.person_of("b"))
    other = person(connection, world.person_of("a"))
    wanted = [(owner.person_id, owner.version), (other.person_id, other.version)]
    with pytest.raises(ContradictionError) as refused:
        merge(connection, wanted, actor="bob", policy=world.policy)
    assert refused.value.pairs == [(a, b)]
    merge(connection, wanted, actor="bob", policy=world.policy, overrule=True)
    assert world.persons() == sets("abc")


@pytest.mark.parametrize(("answer", "expected"), [(confirm, sets("ab", "c")), (reject, sets("a", "bc"))])
def test_an_overlay_is_kept_when_confirmed_and_comes_apart_when_rejected(
    connection: Connection, answer: Callable[..., object], expected: set[frozenset[str]]
) -> None:
    world = World(connection, guards=Guards())
    world.load({"a": {"birth_date": "1980"}, "b": {}}, [("a", "b", 0.95)])
    world.load({"c": {"birth_date": "1990"}}, [("b", "c", 0.999)])
    case_id = next(iter(case_id for case_id, case in world.cases("overlay").items()))
    answer(connection, case_id, 1, actor="ann", policy=world.policy)
    assert world.persons() == expected
    assert world.cases("overlay") == {}


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([("p1", None, "12")], "existing Person should specify a version"),
        ([(None, 1, "1")], "new Person should not specify a version"),
        ([(None, None, "")], "1 or more"),
        ([("p1", 1, "1"), ("p1", 1, "2")], "cannot exist in more than one PersonUpdate"),
        ([("p1", 1, "12"), ("p2", 1, "2")], "cannot exist in more than PersonUpdate"),
        ([("p1", 1, "12")], "must be removed from another"),
        ([("p1", 1, "1"), ("p2", 1, "")], "must be added to another"),
        ([("p5", 1, "5")], "must be related"),
        ([("p1", 1, "15")], "must be related"),
    ],
)
def test_updates_that_do_not_fit_together_are_refused(
    connection: Connection, updates: list[tuple[str | None, int | None, str]], message: str
) -> None:
    world = World(connection)
    world.load("123456", [("1", "2", 0.5), ("2", "3", 0.5), ("3", "4", 0.5), ("5", "6", 0.5)])
    sent = [
        PersonUpdate(
            None if name is None else world.person_of(name[1]),
            version,
            frozenset(world.ids[record] for record in records),
        )
        for name, version, records in updates
    ]
    with pytest.raises(InvalidDecisionError, match=message):
        partition(connection, sent, actor="ann", case_id=1, case_version=1, policy=world.policy)
    with pytest.raises(ConflictError, match="outdated"):
        partition(
            connection,
            [PersonUpdate(world.person_of("1"), 9, frozenset({world.ids["1"]}))],
            actor="ann",
            case_id=1,
            case_version=1,
            policy=world.policy,
        )


def test_a_contradiction_over_many_steps_is_told_with_who_decided_each(connection: Connection) -> None:
    world = World(connection)
    world.load("abcd")

    def joined(names: str, actor: str, **options: bool) -> int:
        persons = [person(connection, world.person_of(name)) for name in names]
        return merge(connection, [(each.person_id, each.version) for each in persons], actor=actor,
                     policy=world.policy, **options).change_id  # fmt: skip

    a, b, c, d = (world.ids[name] for name in "abcd")
    rejected = partition(
        connection,
        [PersonUpdate(world.person_of("a"), 1, frozenset({a})), PersonUpdate(world.person_of("d"), 1, frozenset({d}))],
        actor="ann",
        policy=world.policy,
    ).change_id
    first, second = joined("ab", "bob"), joined("bc", "cyd")
    before = connection.execute("select count(*) from identity.changes").fetchone()
    with pytest.raises(ContradictionError) as refused:
        joined("cd", "dan")
    (path,) = refused.value.paths
    assert [(step.kind, step.left, step.right, step.actor, step.change_id, step.is_new) for step in path] == [
        ("cannot_link", a, d, "ann", rejected, False),
        ("must_link", a, b, None, None, True),
        ("must_link", b, c, None, None, True),
        ("must_link", c, d, None, None, True),
    ]
    assert f"{a} ≠ {d} (ann, " in str(refused.value)
    assert f"change {rejected}), but {a} = {b} (now), {b} = {c} (now), {c} = {d} (now)" in str(refused.value)
    assert connection.execute("select count(*) from identity.changes").fetchone() == before
    # And from the other side: the way by which a and c are one human, step by step.
    whole = person(connection, world.person_of("a"))
    with pytest.raises(ContradictionError) as refused:
        split(connection, whole.person_id, whole.version, [frozenset({c})], actor="dan", policy=world.policy)
    assert [
        [(step.kind, step.left, step.right, step.actor, step.change_id) for step in path]
        for path in refused.value.paths
    ] == [[("cannot_link", a, c, None, None), ("must_link", a, b, None, None), ("must_link", b, c, "cyd", second)]]
    # Overruled, what stands in the way ends, and nothing else.
    split(connection, whole.person_id, whole.version, [frozenset({c})], actor="dan", policy=world.policy, overrule=True)
    assert world.persons() == sets("ab", "c", "d")
    in_force = {(each.record_id_l, each.record_id_r): each.change_id for each in decisions_among(
        connection, [world.person_of(name) for name in "abcd"])}  # fmt: skip
    assert (in_force[a, b], in_force[a, d]) == (first, rejected)
    assert (b, c) not in in_force


def test_an_overlay_that_stewards_had_joined_step_by_step_comes_apart_when_overruled(connection: Connection) -> None:
    world = World(connection, guards=Guards())
    world.load({"a": {"birth_date": "1980"}, "b": {}, "c": {"birth_date": "1990"}})
    for names in ("ab", "bc"):
        persons = [person(connection, world.person_of(name)) for name in names]
        merge(connection, [(each.person_id, each.version) for each in persons], actor="ann", policy=world.policy)
    assert world.persons() == sets("abc")
    world.load({"k": {"birth_date": "1980"}}, [("k", "a", 0.99)])
    whole = person(connection, world.person_of("a"))
    others = [frozenset({world.ids["c"]})]
    with pytest.raises(ContradictionError):
        split(connection, whole.person_id, whole.version, others, actor="bob", policy=world.policy)
    split(connection, whole.person_id, whole.version, others, actor="bob", policy=world.policy, overrule=True)
    assert world.persons() == sets("abk", "c")


def stale(act: Callable[..., object], *arguments: object, **options: object) -> Callable[..., object]:
    return lambda connection, world: act(
        connection, *(each(world) if callable(each) else each for each in arguments), actor="ann",
        policy=world.policy, **{name: each(world) if callable(each) else each for name, each in options.items()},
    )  # fmt: skip


@pytest.mark.parametrize(
    "act",
    [
        stale(confirm, 1, 1),
        stale(confirm, 1, 1, pairs=lambda world: [(world.ids["a"], world.ids["b"])]),
        stale(reject, 1, 1),
        stale(reject, 1, 9),
        stale(partition, [], case_id=1, case_version=1),
        stale(partition, [], case_id=1),
        stale(
            partition, lambda world: [PersonUpdate(world.person_of("a"), 9, frozenset({world.ids["a"]}))],
            case_id=1, case_version=2,
        ),
        stale(partition, lambda world: [PersonUpdate(world.person_of("c"), 1, frozenset({world.ids["c"]}))]),
        stale(merge, lambda world: [(world.person_of("a"), 1), (world.person_of("c"), 1)]),
        stale(split, lambda world: world.person_of("c"), 1, lambda world: [frozenset({world.ids["d"]})]),
        stale(undo, 2),
    ],
    ids=[
        "confirm", "confirm-a-pair", "reject", "reject-the-future", "keep", "keep-without-a-version", "of-a-case",
        "partition", "merge", "split", "undo",
    ],
)  # fmt: skip
def test_every_save_on_something_stale_is_refused_clearly_and_writes_nothing(
    connection: Connection, act: Callable[..., object]
) -> None:
    world = World(connection)
    world.load("abc", [("a", "b", 0.5)])
    world.load("dz", [("c", "d", 0.99), ("a", "z", 0.5)])  # The case and the person of c go one version up.
    whole = person(connection, world.person_of("c"))
    version = split(connection, whole.person_id, whole.version, [frozenset({world.ids["d"]})], actor="ann",
                    policy=world.policy).change_id  # fmt: skip
    assert version == 3
    undo(connection, 3, actor="ann", policy=world.policy)
    before = state_of(connection), connection.execute("select count(*) from identity.changes").fetchone()
    with pytest.raises((ConflictError, InvalidDecisionError)) as refused:
        act(connection, world)
    assert "nothing" in str(refused.value)
    assert (state_of(connection), connection.execute("select count(*) from identity.changes").fetchone()) == before


def told(saved: Saved) -> dict[str, tuple[str, int, int, int, str | None]]:
    """What became of each person: records now, gained and lost, and the other person."""
    return {
        each.person_id: (each.what, each.record_count, each.gained, each.lost, each.other_person_id)
        for each in saved.persons
    }


def jo_joan_and_jan(connection: Connection) -> World:
    """Jo and Joan are one person; Jan is most like Jo, and cannot be Joan."""
    world = World(connection, guards=Guards())
    world.load({"a": {}, "b": {"first_name": "joan"}}, [("a", "b", 0.99)])
    world.load({"k": {"first_name": "jan"}}, [("a", "k", 0.999)])
    return world


def test_a_save_tells_of_every_person_it_touched_also_of_one_that_nobody_named(connection: Connection) -> None:
    world = jo_joan_and_jan(connection)
    both, third = world.person_of("a"), world.person_of("k")
    (overlay,) = world.cases("overlay")
    (conflict,) = world.cases("conflict")
    saved = reject(connection, overlay, 1, actor="ann", policy=world.policy)
    assert world.persons() == {frozenset("ak"), frozenset("b")}
    new = world.person_of("b")
    assert told(saved) == {
        both: ("changed", 2, 1, 1, None),
        new: ("created", 1, 1, 0, both),
        third: ("retired", 0, 0, 1, both),
    }
    assert [each.version for each in saved.persons] == [2, 1, 2]
    assert (saved.cases_opened, saved.cases_closed) == ((), (conflict, overlay))
    back = undo(connection, saved.change_id, actor="ann", policy=world.policy)
    assert told(back) == {
        both: ("changed", 2, 1, 1, None),
        third: ("revived", 1, 1, 0, None),
        new: ("retired", 0, 0, 1, both),
    }
    assert (back.cases_opened, back.cases_closed) == ((), ())


def test_a_withdrawal_tells_of_the_persons_that_join_where_nothing_stands_in_the_way_any_more(
    connection: Connection,
) -> None:
    world = jo_joan_and_jan(connection)
    both, third = world.person_of("a"), world.person_of("k")
    gone = withdraw(connection, "test", "b", actor="ann", policy=world.policy)
    assert (gone.records_moved, told(gone)) == (
        1,
        {both: ("changed", 2, 1, 1, None), third: ("retired", 0, 0, 1, both)},
    )


def test_who_is_stated_to_be_right_is_told_as_kept(connection: Connection) -> None:
    world = World(connection)
    world.load("ab", [("a", "b", 0.5)])
    (case_id,) = world.cases()
    listed = [PersonUpdate(world.person_of(name), 1, frozenset({world.ids[name]})) for name in "ab"]
    saved = partition(connection, listed, actor="ann", case_id=case_id, case_version=1, policy=world.policy)
    assert sorted((each.what, each.version) for each in saved.persons) == [("kept", 2), ("kept", 2)]


def test_rejecting_one_pair_of_an_overlay_leaves_what_the_other_pairs_ask_about(connection: Connection) -> None:
    world = World(connection, guards=NO_GUARDS)
    world.load(
        {"a": {}, "b": {}, "c": {"first_name": "x"}, "d": {"first_name": "y"}, "e": {"first_name": "z"}},
        [("a", "b", 0.99), ("b", "c", 0.99), ("b", "d", 0.98), ("b", "e", 0.97)],
    )
    world.guards = Guards()
    world.load("k", [("a", "k", 0.99)])
    (case_id,) = world.cases("overlay")
    assert world.cases()[case_id][2] == {"c-d", "c-e"}
    pair = (world.ids["c"], world.ids["d"])
    reject(connection, case_id, 1, actor="ann", pairs=[pair], policy=world.policy)
    assert world.persons() == {frozenset("abcek"), frozenset("d")}
    assert world.cases("overlay") == {case_id: ("overlay", 2, frozenset({"c-e"}))}
    reject(connection, case_id, 2, actor="ann", policy=world.policy)
    assert world.persons() == {frozenset("abck"), frozenset("d"), frozenset("e")}
    assert world.cases() == {}
