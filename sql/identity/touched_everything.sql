-- Starts with the whole index.
insert into touched_records (record_id, round)
select record_id, 0
from identity.membership
