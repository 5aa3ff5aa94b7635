-- Retired persons that lead nowhere: in a circle, or to an id that nobody has.
with recursive way as (
    select person_id as start_id, merged_into as person_id, 1 as steps
    from identity.persons
    where retired_change_id is not null and merged_into is not null
    union all
    select way.start_id, person.merged_into, way.steps + 1
    from way
    join identity.persons as person on person.person_id = way.person_id
    where person.merged_into is not null and way.steps <= (select count(*) from identity.persons)
)
select distinct way.start_id::text
from way
left join identity.persons as person on person.person_id = way.person_id
where person.person_id is null or way.steps > (select count(*) from identity.persons)
