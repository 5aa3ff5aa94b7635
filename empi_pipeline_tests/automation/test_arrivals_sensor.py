"""The S3-arrival sensor against a real Dagster instance, a real ledger and a real S3 endpoint; no run is executed."""

import io

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from empi_pipeline.automation.arrivals import SENSOR_NAME
from empi_pipeline.automation.jobs import BATCH_JOB_NAME
from empi_pipeline.automation.local import Pipeline, local_instance
from empi_pipeline.automation.partitions import PARTITION_TAG
from empi_pipeline.definitions import build_definitions
from empi_pipeline.errors import EmpiError
from empi_pipeline.intake import ledger
from empi_pipeline.intake.claims import claim
from empi_pipeline.settings import INBOX_PREFIX

CONTENT = b"data_source,source_person_id\nlab,1\n"


class Ticks:
    """The sensor as the daemon evaluates it."""

    def __init__(self, running: Pipeline) -> None:
        self.running = running
        self.instance = local_instance()
        definitions = build_definitions(running.settings)
        self._repository = definitions.get_repository_def()
        self._sensor = self._repository.get_sensor_def(SENSOR_NAME)
        self._resources = {
            name: definitions.resources[name].process_config_and_initialize()  # type: ignore[index, union-attr]
            for name in ("postgres", "object_store", "settings")
        }

    def put(self, *names: str, content: bytes = CONTENT) -> None:
        store = self.running.object_store()
        for name in names:
            store.put(INBOX_PREFIX + name, io.BytesIO(content))

    def tick(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(
            instance=self.instance, repository_def=self._repository, resources=self._resources
        )
        result = self._sensor(context)
        assert isinstance(result, dg.SensorResult | dg.SkipReason)
        return result

    def requested(self) -> list[str]:
        """What one tick asks for, as run keys."""
        result = self.tick()
        return [] if isinstance(result, dg.SkipReason) else [str(each.run_key) for each in result.run_requests or ()]

    def run_ends(self, batch_id: str, status: dg.DagsterRunStatus) -> None:
        create_run_for_test(self.instance, job_name=BATCH_JOB_NAME, tags={PARTITION_TAG: batch_id}, status=status)

    def objects_of(self, batch_id: str) -> list[str]:
        with self.running.connect() as connection:
            arrivals = ledger.arrivals_of_batch(connection, batch_id)
        return [each.object_key.removeprefix(INBOX_PREFIX) for each in arrivals]


@pytest.fixture
def ticks(running: Pipeline) -> Ticks:
    return Ticks(running)


def _batch(run_key: str) -> str:
    return run_key.partition("#")[0]


def test_an_empty_inbox_asks_for_nothing(ticks: Ticks) -> None:
    assert isinstance(ticks.tick(), dg.SkipReason)


def test_what_arrives_together_is_one_batch_with_its_partition(ticks: Ticks) -> None:
    ticks.put("a.csv", "site/2026/b.csv", "note.md", "folder/")
    result = ticks.tick()
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or ()
    (partitions,) = result.dynamic_partitions_requests or ()
    assert request.run_key == f"{request.partition_key}#1"
    assert partitions.partition_keys == [request.partition_key]
    assert sorted(ticks.objects_of(str(request.partition_key))) == ["a.csv", "site/2026/b.csv"]


def test_a_tick_that_crashed_before_dagster_kept_its_request_is_made_up_for(ticks: Ticks) -> None:
    ticks.put("a.csv")
    (first,) = ticks.requested()
    assert ticks.requested() == [first], "the same run key: Dagster drops the double if it did keep the first"


def test_a_batch_whose_run_is_on_its_way_is_not_asked_for_again(ticks: Ticks) -> None:
    ticks.put("a.csv")
    (first,) = ticks.requested()
    ticks.run_ends(_batch(first), dg.DagsterRunStatus.NOT_STARTED)
    assert ticks.requested() == []


def test_a_failed_batch_gets_new_run_keys_until_its_attempts_are_used_up(ticks: Ticks) -> None:
    ticks.put("a.csv")
    keys = []
    for _ in range(3):
        (key,) = ticks.requested()
        keys.append(key)
        ticks.run_ends(_batch(key), dg.DagsterRunStatus.FAILURE)
    batch_id = _batch(keys[0])
    assert keys == [f"{batch_id}#1", f"{batch_id}#2", f"{batch_id}#3"]
    assert ticks.requested() == []
    with ticks.running.connect() as connection:
        assert ledger.batch(connection, batch_id).status == "failed"
        ledger.retry(connection, batch_id)
    assert ticks.requested() == [f"{batch_id}#4"], "a retry by hand needs a run key Dagster has not seen"


def test_an_overwritten_object_is_a_new_arrival_and_the_same_bytes_again_are_not(ticks: Ticks) -> None:
    ticks.put("a.csv")
    (first,) = ticks.requested()
    ticks.run_ends(_batch(first), dg.DagsterRunStatus.NOT_STARTED)
    ticks.put("a.csv")
    assert ticks.requested() == []
    ticks.put("a.csv", content=CONTENT + b"lab,2\n")
    (second,) = ticks.requested()
    assert _batch(second) != _batch(first)


def test_a_batch_somebody_works_on_is_left_alone(ticks: Ticks) -> None:
    ticks.put("a.csv")
    (first,) = ticks.requested()
    with ticks.running.connect(autocommit=True) as worker:
        assert claim(worker, _batch(first))
        assert ticks.requested() == []
    assert ticks.requested() == [first]


def test_more_than_a_page_of_objects_in_one_second_is_one_batch_and_none_is_missed(ticks: Ticks) -> None:
    folder = ticks.running.servers.endpoint_url and _inbox_folder()
    for at in range(1_001):
        (folder / f"{at:04}.csv").write_bytes(CONTENT)
    (only,) = ticks.requested()
    assert len(ticks.objects_of(_batch(only))) == 1_001


def test_a_listing_that_fails_fails_the_tick(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPI_S3_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(EmpiError, match=r"127\.0\.0\.1:9"):
        ticks.tick()


def _inbox_folder():  # type: ignore[no-untyped-def]
    from empi_pipeline.settings import home

    folder = home() / "s3" / "data" / "empi" / "inbox"
    folder.mkdir(parents=True)
    return folder
