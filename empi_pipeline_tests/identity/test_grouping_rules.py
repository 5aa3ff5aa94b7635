"""What persons were grouped by is noted, so that other guards are not taken for a wrong index."""

from dataclasses import replace

import psycopg
import pytest

from empi_pipeline.identity.decisions import merge
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.grouping_rules import changed_rules
from empi_pipeline.identity.plan import apply_rematch
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.test_plan import ANYTHING, rescore
from empi_pipeline_tests.identity.world import World


def test_nothing_has_changed_while_rules_are_what_was_applied(connection: Connection) -> None:
    world = World(connection)
    world.load(["a", "b"])
    world.load(["c"])
    merge(connection, [(world.person_of(name), 1) for name in "ab"], actor="ann", policy=world.policy)
    assert connection.execute("select change_id from identity.grouping_rules").fetchall() == [(1,)]
    assert changed_rules(connection, world.policy) == []


def test_other_rules_are_told_until_a_rematch_has_grouped_everything_by_them(connection: Connection) -> None:
    world = World(connection)
    world.load(["a"])
    world.guards = Guards(max_person_size=7)
    later = Policy(frozenset({"lab"}), world.guards, replace(world.policy.rules, code=9))  # type: ignore[type-var]
    told = [
        "version of the guards: 3; now 4",
        "hard conflicts forbid a join: no; now yes",
        "most source identities of a person: none; now 7",
        "bits below which a bridge is weak: none; now 3",
        "sources whose ids are not trusted: none; now lab",
    ]
    assert changed_rules(connection, later) == told
    # A batch by the new rules leaves what was there before it.
    world.untrusted = later.untrusted_sources
    world.load(["b"])
    assert changed_rules(connection, later) == told
    rescore(world, [("a", "b", 0.5)])
    apply_rematch(connection, policy=later, rules=ANYTHING)
    assert changed_rules(connection, later) == []
    assert changed_rules(connection, replace(later, untrusted_sources=frozenset())) == [
        "sources whose ids are not trusted: lab; now none"
    ]


def test_another_model_is_told_too(connection: Connection) -> None:
    world = World(connection)
    world.load(["a"])
    world.model()
    assert changed_rules(connection, world.policy) == ["match model whose shared values count as missing: 1; now 2"]


def test_an_index_of_earlier_software_says_that_it_does_not_know(connection: Connection) -> None:
    world = World(connection)
    world.load(["a"])
    connection.execute("alter table identity.grouping_rules disable trigger all")
    connection.execute("update identity.grouping_rules set rules = '{}'")
    assert changed_rules(connection, world.policy) == [
        "an earlier version of the software did not note what it went by"
    ]


def test_what_was_noted_stays(connection: Connection) -> None:
    World(connection).load(["a"])
    for command in ("delete from", "truncate"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(f"{command} identity.grouping_rules")
