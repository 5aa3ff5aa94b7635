-- Records whose person is not the one that the fold of their events gives.
with fold as (
    select distinct on (record_id) record_id, kind, person_id, change_id
    from identity.events
    where kind in ('record_assigned', 'record_moved', 'record_withdrawn')
    order by record_id, change_id desc, event_no desc
)
select coalesce(fold.record_id, membership.record_id)::text
from (select * from fold where kind <> 'record_withdrawn') as fold
full join identity.membership as membership on membership.record_id = fold.record_id
where fold.record_id is null
    or membership.record_id is null
    or membership.person_id <> fold.person_id
    or membership.change_id <> fold.change_id
