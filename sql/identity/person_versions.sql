-- Versions of some persons, whether they are retired, and how many records they have.
select person_id::text, version, retired_change_id is not null, record_count
from identity.persons
where person_id = any (%(person_ids)s::uuid[])
