-- Keeps what somebody reports about pairs of records; what was reported before is not repeated.
insert into identity.reported_pairs (record_id_l, record_id_r, says, actor, change_id)
select reported.record_id_l, reported.record_id_r, reported.says, %(actor)s, %(change_id)s
from unnest(%(lefts)s::bigint[], %(rights)s::bigint[], %(says)s::text[]) as reported (record_id_l, record_id_r, says)
-- A record that was withdrawn meanwhile is nobody's question.
join identity.membership as l on l.record_id = reported.record_id_l
join identity.membership as r on r.record_id = reported.record_id_r
on conflict do nothing
