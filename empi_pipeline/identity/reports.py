"""Reports: somebody says that two records are one human, or are not, and decides nothing. The review queue asks then.

An answer to an evaluation question is one: it was given blindly, about one pair. A report stays; it is an open question
wherever the index has it otherwise and no decisions in force answer it, so undoing such a decision asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from empi_pipeline.identity.arrangement import Verdict
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.ledger import next_change
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.stewardship import PATIENCE_SECONDS, Saved, saving
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class Report:
    """What is said about two records (`record_id_l` < `record_id_r`)."""

    record_id_l: int
    record_id_r: int
    says: Literal["same", "different"]


def report(
    connection: Connection,
    reports: Sequence[Report],
    *,
    actor: str,
    note: str | None = None,
    policy: Policy | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Saved:
    """Keep reports and open the review cases that follow; moves no record.

    Two persons said to be one human become a potential match, one person said to be two an overlay.

    Args:
        connection: An open connection, not in a transaction.
        reports: What is said.
        actor: Who reports it.
        note: Why; kept with the change.
        policy: What identity goes by.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        InvalidDecisionError: All of it was reported before, or is about withdrawn records; nothing was written.
        IdentityBusyError: Others did not finish writing in time.
    """
    with saving(connection, policy, actor=actor, note=note, patience_seconds=patience_seconds) as save:
        change = next_change(connection, "decision", actor)
        added = connection.execute(
            load("identity/reported_pairs_add"),
            {
                "lefts": [each.record_id_l for each in reports],
                "rights": [each.record_id_r for each in reports],
                "says": [each.says for each in reports],
                "actor": actor,
                "change_id": change.change_id,
            },
        ).rowcount
        if not added:
            raise InvalidDecisionError(
                "all of this was reported before; where no case is open, decisions in force say otherwise"
            )
        reach = save.reach(record_ids={record for each in reports for record in (each.record_id_l, each.record_id_r)})
        return save.write(reach, Verdict(reach, [], []))
