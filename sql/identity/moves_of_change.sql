-- Records that a change moved from one person to another, and the change that placed each where it is now.
select event.record_id, event.person_id::text, event.other_person_id::text, membership.change_id
from identity.events as event
left join identity.membership as membership on membership.record_id = event.record_id
where event.change_id = %(change_id)s and event.kind = 'record_moved'
order by event.record_id
