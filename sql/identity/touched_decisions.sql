-- Decisions in force about touched records, each once.
select decision.kind = 'must_link' as is_must_link, decision.record_id_l, decision.record_id_r,
    decision.evidence_weight
from touched_records as touched
join identity.decisions as decision on decision.record_id_l = touched.record_id
where decision.revoked_change_id is null
union all
select decision.kind = 'must_link', decision.record_id_l, decision.record_id_r, decision.evidence_weight
from touched_records as touched
join identity.decisions as decision on decision.record_id_r = touched.record_id
where decision.revoked_change_id is null
    and not exists (select from touched_records as other where other.record_id = decision.record_id_l)
