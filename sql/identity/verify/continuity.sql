-- Records that moved away from a person they were not with, or were assigned twice.
select record_id::text
from (
    select
        event.*,
        lag(event.person_id) over history as person_before,
        lag(event.kind) over history as kind_before
    from identity.events as event
    where event.kind in ('record_assigned', 'record_moved', 'record_withdrawn')
    window history as (partition by event.record_id order by event.change_id, event.event_no)
) as event
where (kind = 'record_assigned' and kind_before is not null)
    or (kind = 'record_moved' and other_person_id is distinct from person_before)
    or (kind = 'record_withdrawn' and person_id is distinct from person_before)
