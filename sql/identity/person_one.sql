-- One person and, where it is retired, the living person it became.
with recursive way as (
    select person_id, merged_into, 0 as steps
    from identity.persons
    where person_id = %(person_id)s::uuid
    union all
    select next.person_id, next.merged_into, way.steps + 1
    from way
    join identity.persons as next on next.person_id = way.merged_into
    where way.steps < 10000
)
select person.person_id::text, person.version, person.record_count, person.created_at, person.retired_change_id
from way
join identity.persons as person on person.person_id = way.person_id
order by way.steps desc
limit 1
