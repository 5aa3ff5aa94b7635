-- Each record of the index with a number for its source identity and one for its person (hashes: equal means the same).
select
    record.record_id,
    hashtextextended(record.data_source || chr(31) || record.source_person_id, 0) as source_identity,
    hashtextextended(membership.person_id::text, 0) as person
from raw.person_records as record
join identity.membership using (record_id)
order by record.record_id
