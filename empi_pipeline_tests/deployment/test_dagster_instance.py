"""`dagster.yaml` against a real PostgreSQL, reached the way the embedded server is: through a Unix socket."""

import runpy
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster_postgres.event_log import PostgresEventLogStorage

from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.postgres import connect

ROOT = Path(__file__).parents[2]


@dg.asset(pool="identity")
def one_asset() -> None:
    """Takes the slot of a pool."""


@pytest.fixture(scope="module")
def instance(
    postgres_server: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dg.DagsterInstance]:
    name = f"dagster_{worker_id}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database {name}")
    home = tmp_path_factory.mktemp("dagster_home")
    shutil.copy(ROOT / "dagster.yaml", home)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EMPI_DAGSTER_POSTGRES_URL", database_url(postgres_server, name))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance


def test_runs_and_events_are_stored_in_postgres(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, PostgresEventLogStorage)
    result = dg.materialize([one_asset], instance=instance)
    assert result.success
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert instance.get_latest_materialization_event(dg.AssetKey("one_asset")) is not None


def test_the_event_watcher_sees_events_through_the_socket(instance: dg.DagsterInstance) -> None:
    seen = []
    result = dg.materialize([one_asset], instance=instance)
    instance.watch_event_logs(result.run_id, None, lambda event, _cursor: seen.append(event))
    try:
        for _ in range(100):
            if seen:
                break
            time.sleep(0.05)
    finally:
        instance.event_log_storage.dispose()
    assert seen


def test_an_unconfigured_pool_has_one_slot_and_its_step_takes_it(instance: dg.DagsterInstance) -> None:
    assert dg.materialize([one_asset], instance=instance).success
    pool = instance.event_log_storage.get_concurrency_info("identity")
    assert pool.slot_count == 1
    assert instance.get_concurrency_config().pool_config.pool_granularity is not None
    assert instance.get_concurrency_config().pool_config.pool_granularity.value == "op"


def test_a_killed_run_gives_its_slot_back_and_is_retried_but_a_failed_one_is_not(
    instance: dg.DagsterInstance,
) -> None:
    assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] == 60
    assert instance.run_monitoring_enabled
    assert instance.run_retries_enabled
    assert instance.run_retries_max_retries == 2
    assert not instance.run_retries_retry_on_asset_or_op_failure


def test_captured_output_is_kept_nowhere_and_nothing_is_reported_home(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.compute_log_manager, NoOpComputeLogManager)
    assert not instance.telemetry_enabled


def test_the_storage_is_upgraded_by_dagster_instance_migrate(instance: dg.DagsterInstance) -> None:
    # The percent signs of a socket's URL must survive alembic's configuration file.
    instance.upgrade()
    assert instance.event_log_storage.alembic_version()


def test_pruning_deletes_finished_runs_that_are_old_enough(instance: dg.DagsterInstance) -> None:
    prune = runpy.run_path(str(ROOT / "deploy" / "prune_runs.py"))["prune"]
    run_id = dg.materialize([one_asset], instance=instance).run_id
    assert prune(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert instance.get_run_by_id(run_id) is not None
    assert prune(instance, datetime.now(UTC) + timedelta(seconds=1)) >= 1
    assert instance.get_runs() == []
    assert instance.all_logs(run_id) == []
