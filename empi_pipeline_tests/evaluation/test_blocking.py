"""What the blocking rules miss, on records made so that one knows."""

from functools import partial

import pytest

from empi_pipeline import linkage
from empi_pipeline.errors import ConflictError
from empi_pipeline.evaluation.blocking import caught_by_rules, compare_with_all, never_caught
from empi_pipeline.linkage import index_scoring, key_index, registry
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.identity.world import World
from empi_pipeline_tests.linkage.records import comparison, settings


def test_chaos_estimate_is_what_its_formula_gives() -> None:
    # (K - 1) / K * f1 (f1 - 1) / (2 (f2 + 1)) = 4 / 5 * 20 * 19 / (2 * 11)
    found = never_caught([20, 10, 5, 2, 1])
    assert found.estimate == pytest.approx(0.8 * 380 / 22)
    assert 0 < found.low < found.estimate < found.high


def test_where_each_pair_is_caught_twice_nothing_is_missed() -> None:
    assert never_caught([0, 10, 5]).estimate == 0
    assert never_caught([]).estimate == 0


@pytest.fixture
def model(database: str, connection: Connection) -> RegisteredModel:
    """Ten pairs of people alike in both names: scored with a rule on surname and one on given name; two pairs with a
    shared first and last name but spelled so that no rule finds them, only e-mail and phone being alike.
    """
    world = World(connection)
    people = {
        f"{side}{number}": {"first_name": f"first{number}", "last_name": f"last{number}", "phone": f"p{number}"}
        for number in range(10)
        for side in "ab"
    }
    people["b8"] |= {"first_name": "other8", "last_name": "another8"}
    people["b9"] |= {"last_name": "another9"}
    world.load(people)
    rules = [{"blocking_rule": f"l.{name} = r.{name}"} for name in ("first_name", "last_name")]
    compared = [comparison(name) for name in ("first_name", "last_name")]
    strong = comparison("phone", m_probability=0.9, u_probability=0.9 / 2**30)
    valid = linkage.validated_model(
        "small", settings(blocking_rules_to_generate_predictions=rules, comparisons=[*compared, strong]), 0.5, 0.9
    )
    registered = registry.create_model(connection, valid, guards=False, created_by="test")
    registry.switch_to(connection, registered.model_id)
    connection.commit()
    with open_scratch() as scratch:
        cleaned = key_index.cleaned_of_index(connection)
        registry.freeze(connection, registered.model_id, linkage.term_frequencies(scratch, cleaned, valid), 20)
        connection.commit()
        scored = index_scoring.score(partial(connect, database), scratch, "batch-1", cleaned)
        index_scoring.store(connection, scored)
        connection.commit()
    return registry.get(connection, registered.model_id)


def test_pairs_are_counted_by_the_rules_that_catch_them(connection: Connection, model: RegisteredModel) -> None:
    found = caught_by_rules(connection)
    assert found.caught == (1, 8)
    assert found.by_rule == {"first_name": (9, 1), "last_name": (8, 0)}
    assert (found.missed.estimate, found.share_missed) == (0.0, 0.0)  # One single catch proves nothing.


def test_records_compared_with_all_show_what_no_rule_finds(database: str, model: RegisteredModel) -> None:
    with open_scratch() as scratch:
        found = compare_with_all(partial(connect, database), scratch)
        assert (found.records, found.comparisons, found.found, found.missed) == (20, 190, 10, 1)
        assert found.share_missed.estimate == 0.1
        few = compare_with_all(partial(connect, database), scratch, comparisons=100)
        assert (few.records, few.comparisons) == (5, 85)


def test_an_index_without_scores_is_refused(database: str, connection: Connection) -> None:
    connection.commit()
    with pytest.raises(ConflictError, match="load records first"):
        caught_by_rules(connection)
    with open_scratch() as scratch, pytest.raises(ConflictError):
        compare_with_all(partial(connect, database), scratch)
