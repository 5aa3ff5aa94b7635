-- Ends decisions in force.
update identity.decisions as decision
set revoked_change_id = %(change_id)s
from unnest(%(lefts)s::bigint[], %(rights)s::bigint[]) as ended (record_id_l, record_id_r)
where decision.record_id_l = ended.record_id_l
    and decision.record_id_r = ended.record_id_r
    and decision.revoked_change_id is null
