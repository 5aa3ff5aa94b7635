-- Some records of the persons whose ids lie in a range; all of them where there are fewer.
select record_id
from identity.membership
where person_id between %(person_id)s::uuid and %(person_id_end)s::uuid
limit %(limit)s
