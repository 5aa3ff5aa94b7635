-- The source identities that identity changed since the last publication: those of the records that moved, and those
-- published under a person named, because a withdrawn record is no longer there to be joined.
with event as (
    select change_id, record_id, person_id, other_person_id
    from identity.events
    where change_id > %(published_through)s
),
mentioned_person as (
    select person_id, max(change_id) as change_id
    from (
        select person_id, change_id from event
        union all
        select other_person_id, change_id from event where other_person_id is not null
    ) as named
    group by person_id
)
insert into pg_temp.touched (data_source, source_person_id, change_id)
select data_source, source_person_id, max(change_id)
from (
    select record.data_source, record.source_person_id, event.change_id
    from event
    join raw.person_records as record on record.record_id = event.record_id
    union all
    select published.data_source, published.source_person_id, mentioned_person.change_id
    from mentioned_person
    join publishing.crosswalk as published on published.person_id = mentioned_person.person_id
) as mentioned
group by data_source, source_person_id
