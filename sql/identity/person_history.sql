-- Everything that ever happened to a person_id, oldest first.
select
    change.change_id, change.at, change.kind, change.actor, change.batch_id, change.model_id, change.note,
    change.undoes_change_id, event.kind, event.record_id, event.person_id::text, event.other_person_id::text,
    event.cause, event.linked_record_id, event.match_weight
from (
    select * from identity.events where person_id = %(person_id)s::uuid
    union all
    select * from identity.events where other_person_id = %(person_id)s::uuid and person_id <> %(person_id)s::uuid
) as event
join identity.changes as change on change.change_id = event.change_id
order by event.change_id, event.event_no
