-- Versions of some persons, and whether they are retired.
select person_id::text, version, retired_change_id is not null
from identity.persons
where person_id = any (%(person_ids)s::uuid[])
