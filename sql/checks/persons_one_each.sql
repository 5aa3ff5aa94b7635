-- Records of this batch that do not belong to exactly one living person, and persons it touched whose count is wrong.
with records as materialized (
    select record.record_id, membership.person_id
    from raw.person_records as record
    left join identity.membership using (record_id)
    where record.batch_id = %(batch_id)s
),
touched as materialized (
    select distinct person_id from records where person_id is not null
),
counted as (
    select membership.person_id, count(*) as records
    from touched
    join identity.membership using (person_id)
    group by membership.person_id
)
select 'record without a person' as problem, count(*) as affected
from records
where person_id is null
union all
select 'record of a retired or unknown person', count(*)
from counted
left join identity.persons as person using (person_id)
where person.person_id is null or person.retired_change_id is not null
union all
select 'person with a wrong record count', count(*)
from counted
join identity.persons as person using (person_id)
where person.record_count <> counted.records
