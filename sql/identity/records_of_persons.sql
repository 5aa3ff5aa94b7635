-- All records of some persons.
select person_id::text, record_id
from identity.membership
where person_id = any (%(person_ids)s::uuid[])
order by record_id
