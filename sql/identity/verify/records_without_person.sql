-- Records of applied batches that have no person, and persons' records that were never delivered.
select record.record_id::text
from raw.person_records as record
join identity.changes as change on change.kind = 'batch' and change.batch_id = record.batch_id
left join identity.membership as membership on membership.record_id = record.record_id
where membership.record_id is null
union all
select membership.record_id::text
from identity.membership as membership
left join raw.person_records as record on record.record_id = membership.record_id
where record.record_id is null
