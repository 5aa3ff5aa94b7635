-- Decisions in force between records of some persons; what an undo gave back, as it was decided at first.
with record as (
    select record_id
    from identity.membership
    where person_id = any (%(person_ids)s::uuid[])
)
select
    decision.kind, decision.record_id_l, decision.record_id_r, first.change_id, first.actor, first.decided_at, first.note,
    first.case_id, decision.evidence_weight
from record
join identity.decisions as decision on decision.record_id_l = record.record_id and decision.revoked_change_id is null
cross join lateral (
    select said.change_id, said.actor, said.decided_at, said.note, said.case_id
    from identity.decisions as said
    join identity.changes as change on change.change_id = said.change_id
    where said.record_id_l = decision.record_id_l and said.record_id_r = decision.record_id_r
        and said.kind = decision.kind and (change.kind <> 'undo' or said.decision_id = decision.decision_id)
    order by change.kind = 'undo', said.decision_id desc
    limit 1
) as first
where decision.record_id_r in (select record_id from record)
order by decision.kind, first.change_id, decision.record_id_l, decision.record_id_r
