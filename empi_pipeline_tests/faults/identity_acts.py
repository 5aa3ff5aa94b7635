"""Everything that writes identities, on one small index; done by a process of its own, which may have to die of it."""

import math
from collections.abc import Callable
from typing import Any, Final

from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.identity.decisions import PersonUpdate, confirm, merge, partition, reject, split
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.plan import RematchRules, apply_rematch
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import GUARDED, World
from empi_pipeline_tests.properties.histories.cut import dying, take_the_process_along

NEXT_BATCH: Final = "batch-3"


def scene(connection: Connection) -> World:
    """An index with cases and decisions, a rescoring, and a batch to come that merges, opens, updates and closes."""
    world = World(connection, guards=Guards())
    world.load(
        {"a": {}, "b": {}, "c": {"sex": "f"}, "d": {}, "e": {}}, [("a", "b", 0.99), ("c", "d", 0.5), ("a", "e", 0.5)]
    )
    world.load("pqr", [("p", "q", 0.99), ("q", "r", 0.6)])
    reject(connection, 3, 1, actor="ann", policy=GUARDED)
    merge(connection, persons(world, "p", "r"), actor="ann", policy=GUARDED, overrule=True)
    rescored = [("a", "b", 0.6), ("c", "d", 0.99), ("p", "q", 0.99), ("q", "r", 0.99), ("b", "e", 0.95)]
    for one, other, probability in rescored:
        connection.execute(
            "insert into matching.rescored_predictions values (%s, %s, %s, %s, %s, '{}', '{}')",
            [
                world.model_id, *sorted((world.ids[one], world.ids[other])),
                math.log2(probability / (1 - probability)), probability,
            ],
        )  # fmt: skip
    connection.execute(
        "insert into matching.rescorings (model_id, seen_change_id) select %s, max(change_id) from identity.changes",
        [world.model_id],
    )
    batch = world.deliver(
        {"k": {}, "l": {"sex": "m"}, "m": {}}, [("k", "a", 0.99), ("k", "e", 0.98), ("c", "l", 0.99), ("m", "d", 0.5)]
    )
    assert batch == NEXT_BATCH
    connection.commit()
    return world


def persons(world: World, *names: str) -> list[tuple[str, int]]:
    """Id and version of the persons that own some records."""
    ids = [world.person_of(name) for name in names]
    return [
        world.connection.execute("select person_id::text, version from identity.persons where person_id = %s", [each])
        .fetchall()[0]
        for each in ids
    ]  # fmt: skip


def _who(connection: Connection) -> World:
    """The scene as a process sees it that did not make it."""
    world = object.__new__(World)
    rows = connection.execute("select source_person_id, record_id from raw.person_records").fetchall()
    world.connection, world.ids = connection, dict(rows)
    return world


def _partition(connection: Connection) -> Any:
    world = _who(connection)
    (one, version), (other, other_version) = persons(world, "a", "e")
    ids = world.ids
    updates = [
        PersonUpdate(one, version, frozenset({ids["a"]})),
        PersonUpdate(other, other_version, frozenset({ids["e"], ids["b"]})),
    ]
    connection.commit()
    return partition(connection, updates, actor="ann", case_id=1, case_version=1, policy=GUARDED)


def _merge(connection: Connection) -> Any:
    chosen = persons(_who(connection), "a", "c")
    connection.commit()
    return merge(connection, chosen, actor="ann", policy=GUARDED)


def _split(connection: Connection) -> Any:
    world = _who(connection)
    [(person_id, version)] = persons(world, "a")
    connection.commit()
    return split(connection, person_id, version, [frozenset({world.ids["b"]})], actor="ann", policy=GUARDED)


ANYTHING: Final = RematchRules(stay_probability=0.7, most_changed=1, most_split=1)

ACTS: Final[dict[str, Callable[[Connection], Any]]] = {
    "batch": lambda connection: apply_batch(connection, NEXT_BATCH, policy=GUARDED),
    "confirm": lambda connection: confirm(connection, 1, 1, actor="ann", policy=GUARDED),
    "reject": lambda connection: reject(connection, 1, 1, actor="ann", policy=GUARDED),
    "partition": _partition,
    "merge": _merge,
    "split": _split,
    "undo": lambda connection: undo(connection, 4, actor="ann", policy=GUARDED),
    "rematch": lambda connection: apply_rematch(connection, policy=GUARDED, rules=ANYTHING),
    "withdrawal": lambda connection: withdraw(connection, "test", "a", actor="dpo", policy=GUARDED),
}


def do_and_die(url: str, act: str, fatal_statement: int) -> None:
    """Do it, and be killed at some statement; what a process of its own runs."""
    with dying(url, fatal_statement, take_the_process_along) as connection:
        ACTS[act](connection)
