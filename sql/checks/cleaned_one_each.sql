-- Person records of this batch without exactly one cleaned record, and cleaned records without a person record.
select 'person record without cleaned record' as problem, count(*) as affected
from raw.person_records as record
left join cleaned.person_records as cleaned using (record_id)
where record.batch_id = %(batch_id)s and cleaned.record_id is null
union all
select 'cleaned record of another batch', count(*)
from cleaned.person_records as cleaned
join raw.person_records as record using (record_id)
where cleaned.batch_id = %(batch_id)s and record.batch_id <> %(batch_id)s
