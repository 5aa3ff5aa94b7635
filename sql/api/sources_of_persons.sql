-- The data sources of the records of some persons.
select distinct record.data_source
from identity.membership as member
join raw.person_records as record on record.record_id = member.record_id
where member.person_id = any (%(person_ids)s::uuid[])
