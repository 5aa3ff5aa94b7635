"""What became of batches: per object its rows, and together the persons and cases that came of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from empi_pipeline.cli.output import print_fields, print_table, say
from empi_pipeline.intake import ledger
from empi_pipeline.intake.arrivals import ListedObject
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_OUTCOME = ("persons_new", "persons_merged", "cases_opened", "cases_closed")


def report_on(
    connection: Connection,
    batch_ids: Sequence[str],
    called: Mapping[str, str],
    *,
    only: Iterable[ListedObject] | None = None,
    newly: str | None = None,
) -> dict[str, Any]:
    """Sums, objects and outcome of batches, as JSON values.

    Args:
        connection: An open connection.
        batch_ids: The batches.
        called: Object key -> what to call it; its key otherwise.
        only: Only these objects of the batches.
        newly: The batch formed just now: objects of others were delivered before.
    """
    wanted = None if only is None else {each.identity for each in only}
    objects, rejected = [], Counter[str]()
    outcome = dict.fromkeys(_OUTCOME, 0)
    for batch_id in batch_ids:
        for arrival in ledger.arrivals_of_batch(connection, batch_id):
            if wanted is not None and (arrival.bucket, arrival.object_key, arrival.object_version) not in wanted:
                continue
            rejected.update(arrival.rejected_by_reason)
            objects.append(_object(arrival, called, delivered_before=newly is not None and batch_id != newly))
        row = connection.execute(load("cli/batch_outcome"), {"batch_id": batch_id}).fetchone()
        for name, count in zip(_OUTCOME, row[1:] if row else (), strict=False):
            outcome[name] += count
    return {
        "batches": list(batch_ids),
        "rows_delivered": sum(each["delivered"] for each in objects),
        "rows_new": sum(each["new"] for each in objects),
        "rows_known": sum(each["known"] for each in objects),
        "rows_rejected": sum(each["rejected"] for each in objects),
        "rejected_by_reason": dict(sorted(rejected.items())),
        "objects_unreadable": sum(each["status"] == "failed" for each in objects),
        **outcome,
        "objects": objects,
    }


def _object(arrival: ledger.Arrival, called: Mapping[str, str], *, delivered_before: bool) -> dict[str, Any]:
    return {
        "object": called.get(arrival.object_key, f"s3://{arrival.bucket}/{arrival.object_key}"),
        "key": arrival.object_key,
        "batch": arrival.batch_id,
        "status": arrival.status,
        "delivered_before": delivered_before,
        "delivered": arrival.delivered,
        "new": arrival.new,
        "known": arrival.known,
        "rejected": arrival.rejected,
        "rejected_by_reason": dict(arrival.rejected_by_reason),
        "reason": arrival.reason and arrival.reason.removeprefix(f"{arrival.object_key}: "),
        "unknown_columns": list(arrival.unknown_columns),
    }


def print_report(report: Mapping[str, Any]) -> None:
    """The same for people."""
    print_table(
        ("object", "status", "rows", "new", "known", "rejected"),
        [
            (each["object"], _status(each), each["delivered"], each["new"], each["known"], each["rejected"])
            for each in report["objects"]
        ],
    )
    for each in report["objects"]:
        if each["reason"]:
            say(f"  {each['object']}: {each['reason']}")
        if each["unknown_columns"]:
            say(f"  {each['object']}: columns kept aside: {', '.join(each['unknown_columns'])}")
    say("")
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in report["rejected_by_reason"].items())
    fields: dict[str, Any] = {
        "batch": report["batches"],
        "rows rejected": f"{report['rows_rejected']:,}" + (f" ({reasons})" if reasons else ""),
        "persons new": report["persons_new"],
        "persons merged": report["persons_merged"],
        "review cases opened": report["cases_opened"],
        "review cases closed": report["cases_closed"],
    }
    if report.get("ignored_files"):
        fields["files of other formats, ignored"] = report["ignored_files"]
    print_fields(fields)


def _status(each: Mapping[str, Any]) -> str:
    if each["status"] == "failed":
        return "unreadable"
    return "delivered before" if each["delivered_before"] else str(each["status"])
