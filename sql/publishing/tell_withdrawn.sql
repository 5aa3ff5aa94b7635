-- Tells the change feed of persons something was withdrawn from: who follows drops all their rows, and gets the rest anew.
-- After this publication's own additions and removals, so that what is told anew is what the crosswalk then holds.
with withdrawn as (
    delete from publishing.withdrawn_persons
    returning person_id, change_id
),
told as (
    select change_id, null as data_source, null as source_person_id, 'withdrawn' as kind, person_id, 1 as place
    from withdrawn
    union all
    select withdrawn.change_id, published.data_source, published.source_person_id, 'added', withdrawn.person_id, 2
    from withdrawn
    join publishing.crosswalk as published on published.person_id = withdrawn.person_id
)
insert into publishing.crosswalk_changes (change_id, data_source, source_person_id, kind, person_id)
select change_id, data_source, source_person_id, kind, person_id
from told
order by person_id, place, data_source, source_person_id
