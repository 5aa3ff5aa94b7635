-- Persons whose record count, retirement or successor is not what events and memberships say.
with owned as (
    select person_id, count(*) as records
    from identity.membership
    group by person_id
),
fate as (
    select distinct on (person_id) person_id, kind, other_person_id, change_id
    from identity.events
    where kind in ('person_merged', 'person_retired', 'person_revived')
    order by person_id, change_id desc, event_no desc
)
select coalesce(person.person_id, owned.person_id)::text
from identity.persons as person
full join owned on owned.person_id = person.person_id
left join fate on fate.person_id = person.person_id
where person.person_id is null
    or person.record_count <> coalesce(owned.records, 0)
    or (person.retired_change_id is null) <> (coalesce(owned.records, 0) > 0)
    or (person.retired_change_id is not null) <> (coalesce(fate.kind, 'person_revived') <> 'person_revived')
    or (
        person.retired_change_id is not null
        and (
            person.retired_change_id is distinct from fate.change_id
            or person.merged_into is distinct from fate.other_person_id
        )
    )
    or (person.retired_change_id is null and person.merged_into is not null)
