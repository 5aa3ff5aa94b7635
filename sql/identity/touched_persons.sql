-- The persons of the touched records.
select person.person_id::text, person.created_change_id, person.record_count, person.retired_change_id is not null
from identity.persons as person
where person.person_id in (
    select membership.person_id
    from touched_records as touched
    join identity.membership as membership on membership.record_id = touched.record_id
)
