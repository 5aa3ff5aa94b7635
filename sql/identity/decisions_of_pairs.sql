-- Who decided about some pairs of records, of the decisions in force; what an undo gave back, as it was decided at first.
select asked.record_id_l, asked.record_id_r, first.change_id, first.actor, first.decided_at
from unnest(%(lefts)s::bigint[], %(rights)s::bigint[]) as asked (record_id_l, record_id_r)
join identity.decisions as decision
    on decision.record_id_l = asked.record_id_l
    and decision.record_id_r = asked.record_id_r
    and decision.revoked_change_id is null
cross join lateral (
    select said.change_id, said.actor, said.decided_at
    from identity.decisions as said
    join identity.changes as change on change.change_id = said.change_id
    where said.record_id_l = decision.record_id_l and said.record_id_r = decision.record_id_r
        and said.kind = decision.kind and (change.kind <> 'undo' or said.decision_id = decision.decision_id)
    order by change.kind = 'undo', said.decision_id desc
    limit 1
) as first
