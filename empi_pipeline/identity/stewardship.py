"""The steps all decisions share: look at the case and persons one decides about, then write the change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.identity.arrangement import NewDecision, Verdict
from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.identity.ledger import Change, next_change, seal
from empi_pipeline.identity.neighbourhood import Neighbourhood, read_neighbourhood, start_with_records
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.settle import work_out, write
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did.

    Attributes:
        change_id: Number of the identity change, by which it can be taken back.
        decisions_made: Decisions written.
        decisions_revoked: Decisions ended.
        records_moved: Records that belong to another person now.
        person_ids: The persons whose records changed and that live on, with what is new among them.
    """

    change_id: int
    decisions_made: int
    decisions_revoked: int
    records_moved: int
    person_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case as one looked at it, and the pairs (record ids) to be decided."""

    case_id: int
    version: int
    pairs: list[tuple[int, int]]
    record_ids: frozenset[int]


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
        raise ConflictError(f"review case {case_id} has been replaced by case {superseded_by}; nothing was saved")
    if status != "open":
        raise ConflictError(f"review case {case_id} is closed already; nothing was saved")
    if version != current:
        raise ConflictError(
            f"review case {case_id} has changed (version {current}, not {version}); nothing was saved, look again"
        )
    of_case = [(row[0], row[1]) for row in connection.execute(load("identity/case_pair_ids"), {"case_id": case_id})]
    chosen = of_case if pairs is None else sorted({(min(pair), max(pair)) for pair in pairs})
    if not chosen or not set(chosen) <= set(of_case):
        raise InvalidDecisionError(f"choose among the pairs of review case {case_id}")
    return OpenCase(case_id, current, chosen, frozenset(record for pair in of_case for record in pair))


def check_persons(connection: Connection, versions: Mapping[str, int | None]) -> None:
    """Whether persons live and are what one looked at.

    Raises:
        ConflictError: They are not.
    """
    rows = connection.execute(load("identity/person_versions"), {"person_ids": list(versions)}).fetchall()
    current = {person_id: version for person_id, version, retired in rows if not retired}
    for person_id, version in versions.items():
        if current.get(person_id) != version:
            raise ConflictError(f"Invalid Person UUID or version outdated: {person_id}; nothing was saved, look again")


def reach_of(
    connection: Connection,
    policy: Policy,
    *,
    record_ids: Iterable[int] = (),
    person_ids: Sequence[str] = (),
) -> Neighbourhood:
    """Everything about some records and persons, and all that evidence connects with them."""
    start = list(record_ids)
    if person_ids:
        start += [
            record
            for _, record in connection.execute(
                load("identity/records_of_persons"), {"person_ids": list(person_ids)}
            ).fetchall()
        ]
    return read_neighbourhood(connection, start_with_records(connection, start), policy.untrusted_sources)


def save(
    connection: Connection,
    policy: Policy,
    reach: Neighbourhood,
    verdict: Verdict,
    *,
    actor: str,
    note: str | None,
    case: OpenCase | None = None,
    stated: Mapping[str, int | None] | None = None,
    kind: str = "decision",
    undoes: int | None = None,
) -> Saved:
    """Write what was decided and everything that follows from it, as one change."""
    change = next_change(connection, kind, actor, undoes_change_id=undoes, note=note)
    write_decisions(connection, change, verdict.made, verdict.revoked, case)
    outcome = work_out(
        connection,
        verdict.reach,
        policy,
        before=reach.evidence.person,
        answered_case=case.case_id if case else None,
        reopening_change=undoes,
    )
    write(connection, change, verdict.reach, outcome)
    assignment = outcome.assignment
    if stated:
        # Listed persons go one version up even when nothing changed: somebody vouched for them.
        connection.execute(
            load("identity/persons_bump"),
            {"person_ids": list(stated), "versions": list(stated.values())},
        )
    seal(connection, change)
    changed = [number for number in assignment.changed.tolist() if assignment.record_count[number] > 0]
    return Saved(
        change.change_id,
        len(verdict.made),
        len(verdict.revoked),
        int(((assignment.before >= 0) & (assignment.before != assignment.after)).sum()),
        tuple(assignment.person_ids.take(changed).to_pylist()) if changed else (),
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
