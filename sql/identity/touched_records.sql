-- Starts with some records of the index.
insert into touched_records (record_id, round)
select distinct record_id, 0
from identity.membership
where record_id = any (%(record_ids)s)
