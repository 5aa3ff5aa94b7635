-- Records that came to the persons of some records by a batch, after a change.
select membership.record_id
from identity.membership as membership
join identity.events as event
    on event.change_id = membership.change_id
    and event.record_id = membership.record_id
    and event.kind = 'record_assigned'
where membership.person_id in (
    select mine.person_id from identity.membership as mine where mine.record_id = any (%(record_ids)s)
)
    and membership.change_id > %(change_id)s
