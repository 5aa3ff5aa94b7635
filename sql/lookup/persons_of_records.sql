-- The person of each of some records.
select record_id, person_id::text
from identity.membership
where record_id = any (%(record_ids)s::bigint[])
