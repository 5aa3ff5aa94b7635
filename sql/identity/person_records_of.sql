-- The records of some persons, exactly as delivered.
select
    membership.person_id::text, record.record_id, membership.change_id, record.batch_id, record.data_source,
    record.source_person_id, record.first_name, record.last_name, record.sex, record.race, record.birth_date,
    record.death_date, record.social_security_number, record.address, record.city, record.state, record.zip_code,
    record.county, record.phone
from identity.membership as membership
join raw.person_records as record on record.record_id = membership.record_id
where membership.person_id = any (%(person_ids)s::uuid[])
order by membership.person_id, record.record_id
