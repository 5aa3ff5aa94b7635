-- The records of some persons with what the guards look at, at most so many of each.
select
    asked.person_id::text,
    record.record_id,
    record.data_source,
    record.source_person_id,
    record.first_name,
    record.middle_name,
    record.last_name,
    record.name_suffix,
    record.sex,
    record.birth_date,
    record.social_security_number
from unnest(%(person_ids)s::uuid[]) as asked (person_id)
cross join lateral (
    select cleaned.*
    from identity.membership as membership
    join cleaned.person_records as cleaned on cleaned.record_id = membership.record_id
    where membership.person_id = asked.person_id
    order by membership.record_id
    limit %(most_records)s
) as record
