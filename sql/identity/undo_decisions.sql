-- Every decision ever taken about the pairs that a change decided about, as far as both records are in the index.
with pairs as (
    select distinct record_id_l, record_id_r
    from identity.decisions as decision
    where (decision.change_id = %(change_id)s or decision.revoked_change_id = %(change_id)s)
        and exists (select from identity.membership where membership.record_id = decision.record_id_l)
        and exists (select from identity.membership where membership.record_id = decision.record_id_r)
)
select
    decision.record_id_l, decision.record_id_r, decision.kind, decision.evidence_weight, made.change_id, made.kind,
    made.undoes_change_id, ended.change_id, ended.kind, ended.undoes_change_id
from pairs
join identity.decisions as decision using (record_id_l, record_id_r)
join identity.changes as made on made.change_id = decision.change_id
left join identity.changes as ended on ended.change_id = decision.revoked_change_id
order by decision.record_id_l, decision.record_id_r, decision.decision_id
