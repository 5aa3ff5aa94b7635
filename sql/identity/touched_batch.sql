-- Starts with the new records of a batch.
insert into touched_records (record_id, round)
select record.record_id, 0
from raw.person_records as record
where record.batch_id = %(batch_id)s
    and not exists (select from identity.membership where membership.record_id = record.record_id)
