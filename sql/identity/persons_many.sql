-- Persons by any id they ever had, and where that is retired, the living person it became; with the retired ids of each.
with recursive way as (
    select asked.person_id as asked_for, asked.place, person.person_id, person.merged_into, 0 as steps
    from unnest(%(person_ids)s::uuid[]) with ordinality as asked (person_id, place)
    join identity.persons as person on person.person_id = asked.person_id
    union all
    select way.asked_for, way.place, next.person_id, next.merged_into, way.steps + 1
    from way
    join identity.persons as next on next.person_id = way.merged_into
    where way.steps < 10000
), arrived as (
    select distinct on (asked_for) asked_for, place, person_id
    from way
    order by asked_for, steps desc
)
select arrived.asked_for::text, person.person_id::text, person.version, person.record_count, person.created_at
from arrived
join identity.persons as person on person.person_id = arrived.person_id
order by arrived.place
