"""Running jobs in this process, on the same instance and definitions that the daemon uses."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from empi_pipeline.errors import ConflictError, EmpiError
from empi_pipeline.intake.claims import claim
from empi_pipeline.intake.object_store import ObjectStore
from empi_pipeline.postgres import Connection, connect, migrate
from empi_pipeline.servers import Servers, dagster_home, servers
from empi_pipeline.settings import Settings, read_settings

if TYPE_CHECKING:
    import dagster as dg

_PROJECT: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How a run in this process ended.

    Attributes:
        success: Whether every step succeeded and every blocking check passed.
        run_id: Of the Dagster run.
        failed_step: The first step that failed.
        error: What went wrong first, in words without values of records.
        exit_code: What a command ends with.
        figures: Counts that the assets told (and which limits a plan exceeds), the last one of a name.
    """

    success: bool
    run_id: str
    failed_step: str | None = None
    error: str | None = None
    figures: Mapping[str, int | str] = field(default_factory=dict)
    exit_code: int = 0


class Pipeline:
    """The pipeline as seen from a command: its servers, and its jobs run in this process."""

    def __init__(self, used: Servers, settings: Settings) -> None:
        self.servers = used
        self.settings = settings

    def connect(self, *, autocommit: bool = False) -> AbstractContextManager[Connection]:
        """A connection to the index."""
        return connect(self.servers.postgres_url, autocommit=autocommit)

    def object_store(self) -> ObjectStore:
        """The bucket of inbox and exports."""
        from empi_pipeline.intake.object_store import s3_client

        return ObjectStore(s3_client(self.servers.endpoint_url), self.servers.bucket)

    def run_batch(self, batch_id: str, progress: Callable[[str], None] | None = None) -> RunOutcome:
        """Run the batch job for a batch, holding the claim on it.

        Args:
            batch_id: A registered batch.
            progress: Told the name of each step that starts.

        Raises:
            ConflictError: Another process works on this batch.
        """
        from empi_pipeline.automation.dead_runs import bury_runs_of, slots_kept_free
        from empi_pipeline.automation.jobs import BATCH_JOB_NAME
        from empi_pipeline.automation.partitions import BATCHES, CLAIM_TAG
        from empi_pipeline.intake import ledger

        with self.connect(autocommit=True) as claiming:
            if not claim(claiming, batch_id):
                raise ConflictError(f"batch {batch_id} is being worked on by another process; wait for it")
            ledger.count_attempt(claiming, batch_id)
            instance = local_instance()
            instance.add_dynamic_partitions(str(BATCHES.name), [batch_id])
            bury_runs_of(instance, BATCH_JOB_NAME, batch_id)
            with slots_kept_free(instance, self.connect):
                outcome = self._run(
                    BATCH_JOB_NAME, instance, progress, partition_key=batch_id, tags={CLAIM_TAG: str(os.getpid())}
                )
            if not outcome.success:
                ledger.note_failure(claiming, batch_id, f"run {outcome.run_id} failed in {outcome.failed_step}")
        return outcome

    def run_rematch(
        self,
        progress: Callable[[str], None] | None = None,
        *,
        model: str | None = None,
        apply: bool = True,
        approved: bool = False,
        actor: str = "pipeline",
    ) -> RunOutcome:
        """Run the rematch job.

        Args:
            progress: Told the name of each step that starts.
            model: Number or name of the model to score with; the active one when None.
            apply: Carry the plan out; else only tell it.
            approved: Somebody looked at the plan: its limits do not count.
            actor: Who does it, for the ledger.

        Returns:
            How it ended; `figures` are the counts of the plan.
        """
        from empi_pipeline.automation.jobs import REMATCH_JOB_NAME

        chosen = {"model": model or "", "apply": apply, "approved": approved, "actor": actor}
        config = {name: {"config": chosen} for name in ("matching__rescored_predictions", "identity__rematch_plan")}
        return self._run(REMATCH_JOB_NAME, local_instance(), progress, config)

    def run_training(
        self, progress: Callable[[str], None] | None = None, *, config: Mapping[str, Any] | None = None
    ) -> RunOutcome:
        """Run the training job.

        Args:
            progress: Told the name of each step that starts.
            config: Of the asset `matching/model_training`.

        Returns:
            How it ended; `figures["model"]` is the number of the trained model.
        """
        from empi_pipeline.automation.jobs import TRAINING_JOB_NAME

        ops = {"matching__model_training": {"config": dict(config or {})}}
        return self._run(TRAINING_JOB_NAME, local_instance(), progress, ops)

    @staticmethod
    def _run(
        job: str,
        instance: "dg.DagsterInstance",
        progress: Callable[[str], None] | None,
        ops: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> RunOutcome:
        from empi_pipeline.automation.progress import RUN_CONFIG, listening
        from empi_pipeline.definitions import defs

        with listening(progress) as heard:
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance, run_config={**RUN_CONFIG, "ops": ops or {}}, raise_on_error=False, **options
            )
        failed = [event.step_key for event in result.all_events if event.is_step_failure]
        # Dagster also logs as an error that what depends on a failed step is not executed.
        told = [error for error in heard.errors if not error.startswith("Dependencies for step")]
        told_values = (
            (name, value.value)
            for event in result.get_asset_materialization_events()
            for name, value in event.materialization.metadata.items()
        )
        figures: dict[str, int | str] = {
            name: value
            for name, value in told_values
            if isinstance(value, int) or (isinstance(value, str) and name == "limits_exceeded")
        }
        exit_code = 0 if result.success else heard.refusal.exit_code if heard.refusal else EmpiError.exit_code
        return RunOutcome(
            result.success, result.run_id, failed[0] if failed else None, told[0] if told else None, figures, exit_code
        )


@contextmanager
def pipeline() -> Iterator[Pipeline]:
    """Servers up, schema current, Dagster's home prepared.

    Raises:
        EmpiError: A server cannot be reached, or a setting is wrong.
    """
    settings = read_settings()
    with servers() as used:
        prepare_dagster_home()
        with connect(used.postgres_url) as connection:
            migrate(connection)
        yield Pipeline(used, settings)


def prepare_dagster_home() -> Path:
    """Make `DAGSTER_HOME` with the project's `dagster.yaml` in it, and set the variables Dagster reads."""
    folder = dagster_home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    source = project_file("dagster.yaml")
    if source.resolve() != (folder / "dagster.yaml").resolve():
        shutil.copyfile(source, folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    # Exception texts may quote values of records; Dagster stores and shows them unless told not to.
    os.environ.setdefault("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return folder


def prepare_dagster_storage() -> None:
    """Create the tables of Dagster's own storage where they are missing."""
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()


def project_file(name: str) -> Path:
    """`dagster.yaml` or `workspace.yaml`: at the top of a checkout, inside an installed package."""
    installed = Path(__file__).parents[1] / "_config" / name
    return installed if installed.exists() else _PROJECT / name


def local_instance() -> "dg.DagsterInstance":
    """The Dagster instance of `DAGSTER_HOME`."""
    import dagster as dg

    from empi_pipeline.automation.instance import keep_connections

    instance = dg.DagsterInstance.get()
    keep_connections(instance)
    return instance
