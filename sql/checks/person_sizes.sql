-- Persons this batch touched that hold suspiciously many records.
select 'person ' || person.person_id as problem, person.record_count as affected
from identity.persons as person
where person.record_count > 100
  and person.person_id in (
    select membership.person_id
    from raw.person_records as record
    join identity.membership using (record_id)
    where record.batch_id = %(batch_id)s
  )
