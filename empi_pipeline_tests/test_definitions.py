"""What Dagster loads, as the code server loads it."""

import dagster as dg
import pytest

from empi_pipeline.definitions import build_definitions
from empi_pipeline.settings import AutomationSettings, Settings


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings(automation=AutomationSettings(sensor_interval_seconds=7)))


def test_everything_loads_and_resolves(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_assets_are_the_tables_of_the_index(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        "raw/person_records",
        "raw/rejected_rows",
        "cleaned/person_records",
        "matching/model",
        "matching/model_training",
        "matching/predictions",
        "matching/rescored_predictions",
        "identity/persons",
        "identity/review_queue",
        "identity/rematch_plan",
        "publishing/crosswalk",
        "evaluation/rates",
    }


def test_each_asset_says_what_it_is_who_owns_it_and_what_it_is_made_with(definitions: dg.Definitions) -> None:
    for node in definitions.resolve_asset_graph().asset_nodes:
        assert node.description, node.key
        assert node.owners, node.key
        assert node.kinds, node.key
        assert node.group_name != "default", node.key


def test_the_checks_that_guard_invariants_block(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    assert blocking == {
        "rows_reconcile",
        "cleaned_one_each",
        "predictions_well_formed",
        "persons_one_each",
        "crosswalk_agrees",
    }
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert checked >= {
        "raw/person_records",
        "raw/rejected_rows",
        "cleaned/person_records",
        "matching/predictions",
        "identity/persons",
        "identity/review_queue",
        "publishing/crosswalk",
    }


def test_identity_writes_share_a_pool(definitions: dg.Definitions) -> None:
    pools = {
        node.key.to_user_string(): node.pools for node in definitions.resolve_asset_graph().asset_nodes if node.pools
    }
    assert {key for key, names in pools.items() if names == {"identity"}} == {
        "identity/persons",
        "identity/review_queue",
        "identity/rematch_plan",
    }


def test_jobs_sensors_and_schedules_are_there_and_on(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    assert {"match_batch", "rematch", "train", "data_quality", "evaluation"} <= set(repository.job_names)
    sensors = {each.name: each for each in repository.sensor_defs}
    assert set(sensors) >= {"s3_arrivals", "on_run_failure"}
    assert sensors["s3_arrivals"].minimum_interval_seconds == 7
    assert all(
        sensors[name].default_status is dg.DefaultSensorStatus.RUNNING for name in ("s3_arrivals", "on_run_failure")
    )
    schedules = {each.name: each.cron_schedule for each in repository.schedule_defs}
    assert schedules == {
        "nightly_rematch": "0 2 * * *",
        "daily_data_quality": "0 6 * * *",
        "daily_rates": "30 6 * * *",
    }


def test_no_value_can_fall_through_to_the_io_manager_that_pickles_to_disk(definitions: dg.Definitions) -> None:
    used = {
        output.io_manager_key
        for node in definitions.resolve_asset_graph().assets_defs
        for output in node.op.output_defs
    }
    assert used == {"io_manager"}
    assert type((definitions.resources or {})["io_manager"]).__name__ == "PostgresIOManager"
