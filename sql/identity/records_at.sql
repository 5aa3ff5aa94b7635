-- The records that a person owned at a moment.
select last_event.record_id
from (
    select distinct on (event.record_id) event.record_id, event.person_id, event.kind
    from identity.events as event
    join identity.changes as change on change.change_id = event.change_id
    where event.record_id in (
        select record_id
        from identity.events
        where (person_id = %(person_id)s::uuid or other_person_id = %(person_id)s::uuid) and record_id is not null
    )
        and event.kind in ('record_assigned', 'record_moved', 'record_withdrawn')
        and change.at <= %(at)s
    order by event.record_id, event.change_id desc, event.event_no desc
) as last_event
where last_event.person_id = %(person_id)s::uuid and last_event.kind <> 'record_withdrawn'
order by last_event.record_id
