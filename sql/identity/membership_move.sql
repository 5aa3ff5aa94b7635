-- Gives records to other persons.
update identity.membership as membership
set person_id = moved.person_id,
    change_id = %(change_id)s
from moved_records as moved
where membership.record_id = moved.record_id
