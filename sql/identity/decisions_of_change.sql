-- Decisions that a change made, as far as they are in force, and decisions it ended.
select 'made', kind, record_id_l, record_id_r, evidence_weight
from identity.decisions
where change_id = %(change_id)s and revoked_change_id is null
union all
select 'revoked', kind, record_id_l, record_id_r, evidence_weight
from identity.decisions
where revoked_change_id = %(change_id)s
