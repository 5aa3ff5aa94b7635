-- Records of this batch that do not belong to exactly one living person, and persons it touched whose count is wrong.
with touched as (
    select distinct membership.person_id
    from raw.person_records as record
    join identity.membership using (record_id)
    where record.batch_id = %(batch_id)s
)
select 'record without a person' as problem, count(*) as affected
from raw.person_records as record
left join identity.membership using (record_id)
where record.batch_id = %(batch_id)s and membership.record_id is null
union all
select 'record of a retired or unknown person', count(*)
from touched
left join identity.persons as person using (person_id)
where person.person_id is null or person.retired_change_id is not null
union all
select 'person with a wrong record count', count(*)
from (
    select touched.person_id, count(*) as records
    from touched
    join identity.membership using (person_id)
    group by touched.person_id
) as counted
join identity.persons as person using (person_id)
where person.record_count <> counted.records
