"""Delete finished Dagster runs, with their events, that ended long ago: `python prune_runs.py --days 90`.

Dagster keeps them for ever. The index needs none of them: what was taken in, matched and decided is in its own ledgers.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta

import dagster as dg

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_AT_ONCE = 100


def prune(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete finished runs whose last change is older.

    Args:
        instance: The Dagster instance.
        before: Runs changed at or after this moment stay.

    Returns:
        How many runs were deleted.
    """
    deleted = 0
    old = dg.RunsFilter(statuses=_FINISHED, updated_before=before)
    while records := instance.get_run_records(old, limit=_AT_ONCE):
        for record in records:
            instance.delete_run(record.dagster_run.run_id)
        deleted += len(records)
    return deleted


def main() -> None:
    """Prune the instance of `DAGSTER_HOME`."""
    parser = argparse.ArgumentParser(description="Delete finished Dagster runs, with their events.")
    parser.add_argument("--days", type=int, required=True, help="runs that changed within so many days stay")
    before = datetime.now(UTC) - timedelta(days=parser.parse_args().days)
    with dg.DagsterInstance.get() as instance:
        sys.stdout.write(f"{prune(instance, before)} runs deleted\n")


if __name__ == "__main__":
    main()
