-- Every change of place of records that a change moved, and of the records that are with them now, oldest first.
with moved as (
    select record_id, other_person_id
    from identity.events
    where change_id = %(change_id)s and kind = 'record_moved'
        and (%(person_id)s::uuid is null or other_person_id = %(person_id)s::uuid)
),
with_them as (
    select member.record_id, member.person_id
    from identity.membership as member
    where member.person_id in (
        select mine.person_id
        from moved
        join identity.membership as mine on mine.record_id = moved.record_id
    )
)
select
    with_them.record_id, with_them.record_id in (select record_id from moved) as was_moved, event.change_id,
    change.kind, change.undoes_change_id, event.other_person_id::text
from with_them
join identity.events as event
    on event.record_id = with_them.record_id and event.kind in ('record_assigned', 'record_moved')
join identity.changes as change on change.change_id = event.change_id
order by with_them.record_id, event.change_id, event.event_no
