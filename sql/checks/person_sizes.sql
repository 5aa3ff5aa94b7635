-- Persons this batch touched that hold suspiciously many records.
with touched as materialized (
    select distinct membership.person_id
    from raw.person_records as record
    join identity.membership using (record_id)
    where record.batch_id = %(batch_id)s
)
select 'person ' || person.person_id as problem, person.record_count as affected
from touched
join identity.persons as person using (person_id)
where person.record_count > 100
