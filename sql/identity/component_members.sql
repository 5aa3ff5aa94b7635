-- Some records with their person, source identity and content hash.
select
    membership.record_id, membership.person_id::text, record.data_source, record.source_person_id,
    encode(record.content_hash, 'hex')
from identity.membership
join raw.person_records as record on record.record_id = membership.record_id
where membership.record_id = any (%(record_ids)s)
order by membership.record_id
