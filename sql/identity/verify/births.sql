-- Persons that events mention and nobody created, or created in another change than the first that mentions them.
with first_mention as (
    select person_id, min(change_id) as change_id
    from (
        select person_id, change_id from identity.events
        union all
        select other_person_id, change_id from identity.events where other_person_id is not null
    ) as mention
    group by person_id
)
select coalesce(person.person_id, first_mention.person_id)::text
from identity.persons as person
full join first_mention on first_mention.person_id = person.person_id
where person.person_id is null
    or first_mention.person_id is null
    or person.created_change_id <> first_mention.change_id
