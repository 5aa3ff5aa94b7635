-- Decisions that a change made, as far as they are in force, and decisions it ended, as far as their records are there.
select 'made', kind, record_id_l, record_id_r, evidence_weight
from identity.decisions
where change_id = %(change_id)s and revoked_change_id is null
union all
select 'revoked', decision.kind, decision.record_id_l, decision.record_id_r, decision.evidence_weight
from identity.decisions as decision
join identity.membership as one on one.record_id = decision.record_id_l
join identity.membership as other on other.record_id = decision.record_id_r
where decision.revoked_change_id = %(change_id)s
