-- Decisions, the newest first: in force or all, by whom, since when, about which record; both records of sources one may see.
select
    decision.decision_id, decision.kind, decision.record_id_l, decision.record_id_r, decision.actor, decision.note,
    decision.evidence_weight, decision.case_id, decision.change_id, decision.decided_at, decision.revoked_change_id
from identity.decisions as decision
where (%(before)s::bigint is null or decision.decision_id < %(before)s)
    and (not %(in_force)s or decision.revoked_change_id is null)
    and (%(actor)s::text is null or decision.actor = %(actor)s)
    and (%(since)s::timestamptz is null or decision.decided_at >= %(since)s)
    and (%(record_id)s::bigint is null or %(record_id)s in (decision.record_id_l, decision.record_id_r))
    and (
        %(scope)s::text[] is null
        or (
            select bool_and(record.data_source = any (%(scope)s))
            from raw.person_records as record
            where record.record_id in (decision.record_id_l, decision.record_id_r)
        )
    )
order by decision.decision_id desc
limit %(limit)s
