-- Persons by id.
select person_id::text, created_change_id, record_count, retired_change_id is not null
from identity.persons
where person_id = any (%(person_ids)s::uuid[])
