"""Why two records match or do not."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Query as QueryParameters

from empi_pipeline.api.access import GuardedRoute, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.configs import config_of
from empi_pipeline.api.errors import invalid, not_found
from empi_pipeline.api.runtime import AtRuntime
from empi_pipeline.api.wire import CASE, CONFIG, RECORD, Query, Text, id_of, number_of, person_id_of
from empi_pipeline.errors import NotFoundError
from empi_pipeline.identity.from_settings import policy_of
from empi_pipeline.identity.pair_facts import PairFacts, pair_facts
from empi_pipeline.linkage import registry
from empi_pipeline.linkage.pair_explanation import explain_records
from empi_pipeline.postgres import Connection
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load

router = APIRouter(tags=["explanations"], route_class=GuardedRoute)


class Pair(Query):
    """Two records, and the config to explain by."""

    left: Text
    right: Text
    config_id: Text | None = None
    """The active one without it."""


@router.get("/explanations")
def explain_pair(
    request: Request, at: AtRuntime, user: Viewer, asked: Annotated[Pair, QueryParameters()]
) -> dict[str, Any]:
    """The evidence for and against two records being one human, in bits by comparison, and what decided.

    Also of records that were never compared; the weight is the one that a batch gives the pair. No value of a record.
    """
    from empi_pipeline.cli.explain import decided_by

    left = number_of(asked.left, RECORD, "PersonRecord", "left")
    right = number_of(asked.right, RECORD, "PersonRecord", "right")
    if left == right:
        raise invalid("Name two different records", "right")
    with at.connection() as connection, open_scratch(threads=1) as scratch:
        _refuse_unseen(connection, user, [left, right])
        registered = registry.active(connection) if asked.config_id is None else config_of(connection, asked.config_id)
        if registered is None:
            raise not_found()
        told = explain_records(connection, scratch, registered, left, right)
        try:
            facts = pair_facts(connection, left, right, policy_of(at.settings, connection, registered.model_id))
        except NotFoundError:
            facts = None
        audit(connection, request, user, "pair.explain", record_ids=[left, right])
    return {
        "person_record_l_id": id_of(RECORD, told.record_id_l),
        "person_record_r_id": id_of(RECORD, told.record_id_r),
        "config_id": id_of(CONFIG, told.model_id),
        "verdict": told.verdict,
        "decided_by": decided_by(told, facts),
        "explanation": asdict(told.explanation),
        "blocking_rules": list(told.rules),
        "identity": facts and _facts(facts),
    }


def _refuse_unseen(connection: Connection, user: User, record_ids: list[int]) -> None:
    rows = connection.execute(load("api/records_seen"), {"record_ids": record_ids}).fetchall()
    if len(rows) < len(record_ids) or not all(user.sees(source) for _, source in rows):
        raise not_found()


def _facts(facts: PairFacts) -> dict[str, Any]:
    return {
        "person_l": person_id_of(facts.person_l),
        "person_r": person_id_of(facts.person_r),
        "conflict": facts.conflict and facts.conflict.told,
        "decision": facts.decision and {"kind": facts.decision.kind, "change_id": facts.decision.change_id},
        "cases": [id_of(CASE, case_id) for case_id, _, _ in facts.cases],
    }
