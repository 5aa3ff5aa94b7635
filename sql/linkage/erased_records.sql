-- Which of some records were erased.
select asked.record_id
from unnest(%(record_ids)s::bigint[]) as asked (record_id)
where not exists (select from raw.person_records as record where record.record_id = asked.record_id)
