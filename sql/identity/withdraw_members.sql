-- The records of a source identity and their persons (none while their batch is not applied).
select record.record_id, membership.person_id::text
from raw.person_records as record
left join identity.membership as membership on membership.record_id = record.record_id
where record.data_source = %(data_source)s and record.source_person_id = %(source_person_id)s
order by record.record_id
