"""The state of identities that an undo has to give back."""

from dataclasses import dataclass

from empi_pipeline.postgres import Connection


@dataclass(frozen=True)
class State:
    """What an undo has to give back: who owns what, what binds, and what is asked, by id."""

    persons: dict[str, frozenset[int]]
    decisions: frozenset[tuple[str, int, int, float | None]]
    cases: dict[int, tuple[str, frozenset[tuple[int, int, str]]]]


def state_of(connection: Connection) -> State:
    with connection.transaction():
        persons = connection.execute(
            "select person_id::text, array_agg(record_id) from identity.membership group by 1"
        ).fetchall()
        decisions = connection.execute(
            "select kind, record_id_l, record_id_r, evidence_weight from identity.decisions"
            " where revoked_change_id is null"
        ).fetchall()
        cases: dict[int, tuple[str, frozenset[tuple[int, int, str]]]] = {}
        for case_id, kind, *pair in connection.execute(
            "select case_id, kind, record_id_l, record_id_r, case_pairs.reason from identity.review_cases"
            " join identity.case_pairs using (case_id) where status = 'open'"
        ):
            cases[case_id] = (kind, cases.get(case_id, (kind, frozenset()))[1] | {tuple(pair)})
    return State({person_id: frozenset(records) for person_id, records in persons}, frozenset(decisions), cases)
