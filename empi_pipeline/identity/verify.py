"""Checks that the ledger is whole, that its fold is the state, and that every invariant holds. Changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import psycopg

from empi_pipeline.identity.arrays import renumbered, sorted_unique
from empi_pipeline.identity.case_pairs import WhoIsWhere, open_questions
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import Kind
from empi_pipeline.identity.neighbourhood import read_neighbourhood, start_with_everything
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_EXAMPLES: Final = 10

CHECKS: Final = {
    "chain": "changes are not what was sealed: numbered without gaps, each digest over its content and the one before",
    "stray_events": "changes are mentioned that do not exist",
    "membership": "records do not belong to the person that their events give",
    "continuity": "records moved away from a person they were not with, or were assigned twice",
    "records_without_person": "records of applied batches have no person, or persons own records nobody delivered",
    "persons": "persons' record counts, retirements or successors are not what their events give",
    "births": "persons do not appear with the change that created them",
    "dead_ends": "retired ids do not resolve to anybody",
    "decisions": "decisions in force are broken",
    "cases": "open review cases have wrong figures or nothing to ask",
    "shared_pairs": "two open review cases of one kind ask the same",
}
"""What a finding of each check says; the query of each is `sql/identity/verify/<name>.sql`."""

EVIDENCE_CHECKS: Final = {
    "unjoined": "records that evidence joins are in different persons",
    "unreported_overlays": "persons that should come apart have no open overlay case",
    "missing_questions": "pairs that need a steward are in no open case",
    "idle_questions": "open cases ask about pairs that need nobody",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that must not be: which check found it, what it says, how often, and some ids to start with."""

    check: str
    meaning: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.examples) else ""
        return f"{self.check}: {self.count} x {self.meaning} ({', '.join(self.examples)}{more})"


def verify(connection: Connection) -> list[Problem]:
    """Compare the ledger with the state; empty when all is well.

    Args:
        connection: An open connection, best not in a transaction: then all checks see one moment.
    """
    with _one_moment(connection):
        problems = []
        for check, meaning in CHECKS.items():
            ids = [row[0] for row in connection.execute(load(f"identity/verify/{check}")).fetchall()]
            if ids:
                problems.append(_problem(check, meaning, ids))
    return problems


def verify_evidence(connection: Connection, policy: Policy | None = None) -> list[Problem]:
    """Cluster the whole index from scratch and compare: what differs must be an open overlay case, and nothing else.

    Args:
        connection: An open connection.
        policy: What identity goes by; as the batches were applied.
    """
    policy = policy or Policy()
    with _one_moment(connection):
        started_with = start_with_everything(connection)
        reach = read_neighbourhood(connection, started_with, policy.untrusted_sources)
        guards = policy.guards_of(connection)
        # Without stored verdicts: what was found out when pairs were scored must hold still.
        with policy.conflicts(connection, guards, reach.record_ids) as conflicts:
            clustering = cluster(reach.evidence, guards, conflicts)
        asked = {
            (kind, left, right) for kind, left, right in connection.execute(load("identity/open_pairs")).fetchall()
        }
    person = reach.evidence.person
    who = WhoIsWhere(reach.record_ids, person)
    questions = open_questions(
        clustering.findings, reach.record_ids, reach.auto, reach.potential, reach.decided, who, reach.reported
    )
    needed = {
        (Kind(kind).code, left, right)
        for kind, left, right in zip(
            questions.kind.tolist(), questions.left.tolist(), questions.right.tolist(), strict=True
        )
    }
    together = sorted_unique(np.unique(np.stack([clustering.group, person]), axis=1)[0])
    groups_of_persons = np.bincount(np.unique(np.stack([clustering.group, person]), axis=1)[0])
    unjoined = together[groups_of_persons[together] > 1]
    overlaid = _overlaid(person, clustering.from_scratch)
    reported = {int(who.of(np.array([left]))[0]) for kind, left, _ in asked if kind == Kind.OVERLAY.code}
    silent = [number for number in overlaid if number not in reported]
    first = {int(label): str(reach.record_ids[np.flatnonzero(clustering.group == label)[0]]) for label in unjoined}
    ids = {
        "unjoined": list(first.values()),
        "unreported_overlays": [str(reach.persons.person_id[number].as_py()) for number in silent],
        "missing_questions": [f"{left}-{right}" for _, left, right in sorted(needed - asked)],
        "idle_questions": [f"{left}-{right}" for _, left, right in sorted(asked - needed)],
    }
    return [_problem(check, EVIDENCE_CHECKS[check], found) for check, found in ids.items() if found]


def _overlaid(person: np.ndarray, from_scratch: np.ndarray) -> list[int]:
    """Persons (numbers) that a match from scratch would take apart."""
    if not len(person):
        return []
    parts = np.unique(np.stack([person, renumbered(from_scratch)]), axis=1)[0]
    return np.flatnonzero(np.bincount(parts) > 1).tolist()


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    """A transaction whose queries all see the same state, unless the caller has begun one already."""
    idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    with connection.transaction():
        if idle:
            connection.execute("set transaction isolation level repeatable read")
        yield


def _problem(check: str, meaning: str, ids: list[str]) -> Problem:
    return Problem(check, meaning, len(ids), tuple(ids[:_EXAMPLES]))
