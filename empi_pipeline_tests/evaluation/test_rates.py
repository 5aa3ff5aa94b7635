"""Rates of a small index, each counted by hand; their history; and the asset that keeps them."""

from pathlib import Path

import dagster as dg
import pytest

from empi_pipeline.assets.evaluation import rates as rates_asset
from empi_pipeline.evaluation.history import history, keep_rates
from empi_pipeline.evaluation.rates import SMALL_GROUPS, Rate, Rates, measure_rates, widest_gaps
from empi_pipeline.evaluation.rates_page import rates_page
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.resources import PostgresResource, SettingsResource
from empi_pipeline_tests.identity.world import GUARDED, World

MARK = "Zqxjcanary"


def record(source: str, number: str, **attributes: str) -> dict[str, str]:
    return {"data_source": source, "source_person_id": number, **attributes}


@pytest.fixture
def world(connection: Connection) -> World:
    """Person 1: lab 1, 2 and clinic 1; person 2: clinic 2 and its second version; persons 3 and 4: lab 3 and 4."""
    world = World(connection)
    world.load(
        {
            "a": record("lab", "1", sex="f"),
            "b": record("lab", "2", sex="f"),
            "c": record("clinic", "1", sex="f"),
            "d": record("clinic", "2", sex="m"),
            "d'": record("clinic", "2", sex="m"),
            "e": record("lab", "3", race=MARK),
        },
        [("a", "b", 0.95), ("b", "c", 0.95), ("c", "e", 0.5)],
    )
    connection.execute("update intake.batches set created_at = now() - interval '90 days'")
    world.load({"f": record("lab", "4")})
    connection.commit()
    return world


def told(rates: Rates, rate: str, dimension: str = "all") -> dict[str, tuple[int | None, int | None]]:
    return {each.label: (each.numerator, each.denominator) for each in rates.of(rate, dimension)}


def test_ahima_rates_are_those_one_counts(world: World) -> None:
    found = measure_rates(world.connection, smallest_group=1)
    assert told(found, "duplicate") == {"all": (1, 6)}  # lab 2
    assert told(found, "duplicate", "data_source") == {"lab": (1, 4), "clinic": (0, 2)}
    assert told(found, "overlap") == {"all": (1, 4)}
    assert told(found, "overlap", "data_source") == {"lab": (1, 3), "clinic": (1, 2)}
    assert told(found, "overlay") == {"all": (0, 4)}
    assert told(found, "in_review") == {"all": (2, 4)}
    assert told(found, "in_review", "data_source") == {"lab": (2, 3), "clinic": (1, 2)}
    assert told(found, "match") == {"all": (3, 6)}
    assert told(found, "match", "sex") == {"f": (3, 3), "m": (0, 1), "unknown": (0, 2)}
    assert told(found, "review", "race") == {MARK: (1, 1), "unknown": (3, 5)}


def test_the_creation_rate_looks_at_what_came_in_the_period(world: World) -> None:
    assert told(measure_rates(world.connection), "creation") == {"all": (0, 1)}  # Only lab 4 is new.
    world.load({"g": record("lab", "5")}, [("f", "g", 0.95)])
    world.load({"a'": record("lab", "1", sex="m")})  # A new version of an old identity is not a new one.
    world.connection.commit()
    found = measure_rates(world.connection)
    assert told(found, "creation") == {"all": (1, 2)}
    assert told(found, "creation", "data_source") == {"lab": (1, 2), "clinic": (0, 0)}
    assert told(measure_rates(world.connection, created_days=100), "creation") == {"all": (2, 7)}


def test_open_overlay_cases_are_the_suspected_overlays(connection: Connection) -> None:
    assert GUARDED.guards is not None
    world = World(connection, guards=GUARDED.guards)
    version = record("lab", "1", sex="f", first_name="ann", birth_date="1990-01-01")
    world.load({"a": version, "a'": {**version, "sex": "m"}, "b": record("lab", "2")})
    assert {kind for kind, _, _ in world.cases().values()} == {"overlay"}
    connection.commit()
    assert told(measure_rates(connection), "overlay") == {"all": (1, 2)}


def test_small_groups_are_put_together_or_left_out(world: World) -> None:
    found = measure_rates(world.connection, smallest_group=3)
    assert told(found, "match", "sex") == {"f": (3, 3), SMALL_GROUPS: (0, 3)}
    # One person of one race and five of unknown: the one alone is not told.
    assert told(found, "match", "race") == {"unknown": (3, 5)}


def test_an_empty_index_has_rates_of_nothing(connection: Connection) -> None:
    connection.commit()
    found = measure_rates(connection)
    assert told(found, "duplicate") == {"all": (0, 0)}
    assert told(found, "overlap") == {"all": (0, 0)}
    assert widest_gaps(found, 1) == []


def test_the_widest_gap_leaves_small_groups_to_chance() -> None:
    rates = Rates(
        1,
        (
            Rate("match", "all", "all", 600, 1000, 0.6),
            Rate("match", "sex", "f", 350, 500, 0.7),
            Rate("match", "sex", "m", 150, 450, 1 / 3),
            Rate("match", "sex", "unknown", 0, 50, 0.0),
        ),
    )
    (gap,) = widest_gaps(rates, 100)
    assert (gap.label, round(gap.size, 4)) == ("m", 0.2667)


def test_kept_rates_come_back_in_order_and_make_a_page_without_records(world: World) -> None:
    found = measure_rates(world.connection)
    with connect(world.connection.info.dsn) as connection:
        keep_rates(connection, found, "ann")
        keep_rates(connection, found, "ann")
        past = history(connection)
        assert [each.value for each in past if each.rate == "duplicate"] == [1 / 6, 1 / 6]
        html = rates_page(found, past, history(connection, "data_source"))
    assert "<svg" in html
    assert "<script" not in html
    assert "http" not in html.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_asset_keeps_the_rates_and_warns_beyond_its_limits(
    database: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "empi.yaml"
    settings.write_text("evaluation: {most_in_review: 0.4, smallest_group: 1}")
    monkeypatch.setenv("EMPI_CONFIG", str(settings))
    result = dg.materialize(
        [rates_asset], resources={"postgres": PostgresResource(url=database), "settings": SettingsResource()}
    )
    assert result.success
    passed = {each.check_name: each.passed for each in result.get_asset_check_evaluations()}
    assert passed == {
        "overlay_rate": True,
        "creation_rate": True,
        "in_review_rate": False,
        "subgroup_gap": True,
        "estimated_precision": True,
    }
    metadata = result.asset_materializations_for_node("evaluation__rates")[0].metadata
    assert metadata["duplicate rate"].value == pytest.approx(1 / 6)
    assert metadata["duplicate rate of lab"].value == 0.25
    assert MARK not in str(metadata)
    assert len(history(world.connection)) == 8
