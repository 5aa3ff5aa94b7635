"""The steps all decisions share: look at the case and persons one decides about, then write the change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity.arrangement import NewDecision, Verdict
from empi_pipeline.identity.arrays import found
from empi_pipeline.identity.decision_queries import told
from empi_pipeline.identity.errors import (
    CaseChangedError,
    CaseClosedError,
    CaseReplacedError,
    ContradictionError,
    InvalidDecisionError,
    PersonChangedError,
)
from empi_pipeline.identity.ledger import Change, next_change, seal, writing_identity
from empi_pipeline.identity.neighbourhood import Neighbourhood, read_neighbourhood, start_with_records
from empi_pipeline.identity.person_changes import PersonChange, person_changes
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.settle import Outcome, work_out, write
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

PATIENCE_SECONDS: Final = 5.0
"""How long a steward's save waits for others who write identities."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did.

    Attributes:
        change_id: Number of the identity change, by which it can be taken back.
        decisions_made: Decisions written.
        decisions_revoked: Decisions ended.
        records_moved: Records that belong to another person now.
        persons: Every person it touched, named by the steward or not, and what became of it.
        cases_opened: Review cases that opened.
        cases_closed: Review cases that closed.
    """

    change_id: int
    decisions_made: int
    decisions_revoked: int
    records_moved: int
    persons: tuple[PersonChange, ...]
    cases_opened: tuple[int, ...]
    cases_closed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case as one looked at it: the pairs (record ids) to be decided, and those that wait."""

    case_id: int
    version: int
    pairs: list[tuple[int, int]]
    waiting: list[tuple[int, int]]
    record_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Save:
    """A save under way: the identity lock is held, and nothing is written until `write`."""

    connection: Connection
    policy: Policy
    actor: str
    note: str | None

    def reach(self, *, record_ids: Iterable[int] = (), person_ids: Sequence[str] = ()) -> Neighbourhood:
        """Everything about some records and persons, and all that evidence connects with them."""
        start = list(record_ids)
        if person_ids:
            rows = self.connection.execute(load("identity/records_of_persons"), {"person_ids": list(person_ids)})
            start += [record for _, record in rows]
        started_with = start_with_records(self.connection, start)
        return read_neighbourhood(self.connection, started_with, self.policy.untrusted_sources)

    def write(
        self,
        before: Neighbourhood,
        verdict: Verdict,
        *,
        case: OpenCase | None = None,
        stated: Mapping[str, int | None] | None = None,
        kind: str = "decision",
        undoes: int | None = None,
        reopening: Sequence[int] = (),
    ) -> Saved:
        """Write what was decided and everything that follows from it, as one change.

        Args:
            before: The neighbourhood as it is.
            verdict: What was decided.
            case: The case that this answers.
            stated: Persons that were listed, with the versions one looked at.
            kind: Of the change.
            undoes: The change that is taken back.
            reopening: Changes that are taken back with it: the cases they closed may go on.
        """
        change = next_change(self.connection, kind, self.actor, undoes_change_id=undoes, note=self.note)
        write_decisions(self.connection, change, verdict.made, verdict.revoked, case)
        outcome = work_out(
            self.connection,
            verdict.reach,
            self.policy,
            before=before.evidence.person,
            answered_case=case.case_id if case else None,
            reopening_changes=reopening,
        )
        write(self.connection, change, verdict.reach, outcome)
        assignment = outcome.assignment
        if stated:
            # Listed persons go one version up even when nothing changed: somebody vouched for them.
            self.connection.execute(
                load("identity/persons_bump"),
                {"person_ids": list(stated), "versions": list(stated.values())},
            )
        seal(self.connection, change)
        return Saved(
            change.change_id,
            len(verdict.made),
            len(verdict.revoked),
            assignment.records_moved,
            person_changes(self.connection, assignment, stated=stated or ()),
            *opened_and_closed(outcome),
        )


def opened_and_closed(outcome: Outcome) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers of the review cases that a change opened and closed."""
    evolution = outcome.evolution
    opened = evolution.case_id[evolution.is_new].tolist()
    return tuple(opened), tuple(sorted(closing.case_id for closing in evolution.closings))


@contextmanager
def saving(
    connection: Connection, policy: Policy | None, *, actor: str, note: str | None, patience_seconds: float
) -> Iterator[Save]:
    """One save of a steward: a transaction under the identity lock; an error writes nothing.

    Args:
        connection: An open connection, not in a transaction.
        policy: What identity goes by; None for the defaults.
        actor: Who decides.
        note: Why.
        patience_seconds: How long to wait for others who write identities.

    Raises:
        IdentityBusyError: Others did not finish writing in time.
        ContradictionError: With who decided what is in the way.
    """
    with writing_identity(connection, patience_seconds=patience_seconds):
        try:
            yield Save(connection, policy or Policy(), actor, note)
        except ContradictionError as error:
            raise told(connection, error) from None


def open_case(
    connection: Connection, case_id: int, version: int | None, pairs: Iterable[tuple[int, int]] | None
) -> OpenCase:
    """The case one decides about, if it is still what one looked at. The caller holds the identity lock.

    Raises:
        NotFoundError: There never was such a case.
        ConflictError: It is closed, superseded or changed.
        InvalidDecisionError: A pair is not one of the case.
    """
    row = connection.execute(load("identity/case_for_decision"), {"case_id": case_id}).fetchone()
    if row is None:
        raise NotFoundError(f"there is no review case {case_id}")
    _, _, status, current, superseded_by = row
    if superseded_by is not None:
        raise CaseReplacedError(f"review case {case_id} has been replaced by case {superseded_by}; nothing was saved")
    if status != "open":
        raise CaseClosedError(f"review case {case_id} is closed already; nothing was saved")
    if version != current:
        raise CaseChangedError(
            f"review case {case_id} has changed (version {current}, not {version}); nothing was saved, look again"
        )
    of_case = [(row[0], row[1]) for row in connection.execute(load("identity/case_pair_ids"), {"case_id": case_id})]
    chosen = of_case if pairs is None else sorted({(min(pair), max(pair)) for pair in pairs})
    if not chosen or not set(chosen) <= set(of_case):
        raise InvalidDecisionError(f"choose among the pairs of review case {case_id}")
    waiting = sorted(set(of_case) - set(chosen))
    return OpenCase(case_id, current, chosen, waiting, frozenset(record for pair in of_case for record in pair))


def persons_of_pairs(reach: Neighbourhood, case: OpenCase) -> tuple[np.ndarray, np.ndarray]:
    """Person (number) of the left and of the right record of each pair of a case.

    Raises:
        ConflictError: Records of the case are gone.
    """
    pairs = np.array(case.pairs, np.int64).reshape(-1, 2)
    place, known = found(reach.record_ids, pairs.ravel())
    if not known.all():
        raise ConflictError("some records of the case are not in the index any more; look again")
    persons = reach.evidence.person[place].reshape(-1, 2)
    return persons[:, 0], persons[:, 1]


def check_persons(connection: Connection, versions: Mapping[str, int | None]) -> None:
    """Whether persons live and are what one looked at.

    Raises:
        ConflictError: They are not.
    """
    rows = connection.execute(load("identity/person_versions"), {"person_ids": list(versions)}).fetchall()
    current = {person_id: version for person_id, version, retired, _ in rows if not retired}
    for person_id, version in versions.items():
        if current.get(person_id) != version:
            raise PersonChangedError(
                f"Invalid Person UUID or version outdated: {person_id}; nothing was saved, look again"
            )


def write_decisions(
    connection: Connection,
    change: Change,
    made: Sequence[NewDecision],
    revoked: Sequence[tuple[int, int]],
    case: OpenCase | None,
) -> None:
    """End decisions in force, and write new ones."""
    if revoked:
        connection.execute(
            load("identity/decisions_revoke"),
            {
                "change_id": change.change_id,
                "lefts": [left for left, _ in revoked],
                "rights": [right for _, right in revoked],
            },
        )
    if made:
        connection.execute(
            load("identity/decisions_make"),
            {
                "kinds": [decision.kind for decision in made],
                "lefts": [decision.left for decision in made],
                "rights": [decision.right for decision in made],
                "weights": [decision.evidence_weight for decision in made],
                "actor": change.actor,
                "note": change.note,
                "case_id": case.case_id if case else None,
                "case_version": case.version if case else None,
                "change_id": change.change_id,
                "at": change.at,
            },
        )
