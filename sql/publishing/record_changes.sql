-- How the crosswalk of the source identities touched differs from what is published.
-- One statement, so one snapshot: what is published is the index as of one identity change, never half of one.
-- Identity may have changed since those touched were noted: what it changed meanwhile is added here.
with publication as (
    insert into publishing.publications (through_change_id, added, removed, after_change_no, last_change_no)
    select max(change_id), 0, 0, %(after_change_no)s, %(after_change_no)s
    from identity.changes
    having max(change_id) > %(published_through)s
    returning through_change_id
),
late_event as (
    select change_id, record_id, person_id, other_person_id
    from identity.events
    where change_id > %(noted_through)s
),
touched as (
    select data_source, source_person_id, max(change_id) as change_id
    from (
        select data_source, source_person_id, change_id
        from pg_temp.touched
        union all
        select record.data_source, record.source_person_id, late_event.change_id
        from late_event
        join raw.person_records as record on record.record_id = late_event.record_id
        union all
        select published.data_source, published.source_person_id, late_event.change_id
        from late_event
        cross join lateral (values (late_event.person_id), (late_event.other_person_id)) as named (person_id)
        join publishing.crosswalk as published on published.person_id = named.person_id
    ) as mentioned
    group by data_source, source_person_id
),
-- Counting +1 and -1 stays linear whatever the planner expects; an anti-join of misjudged size does not.
present as (
    select distinct record.data_source, record.source_person_id, membership.person_id, touched.change_id, 1 as sign
    from touched
    join raw.person_records as record
        on record.data_source = touched.data_source and record.source_person_id = touched.source_person_id
    join identity.membership as membership on membership.record_id = record.record_id
    union all
    select published.data_source, published.source_person_id, published.person_id, touched.change_id, -1
    from touched
    join publishing.crosswalk as published
        on published.data_source = touched.data_source and published.source_person_id = touched.source_person_id
),
difference as (
    select
        data_source,
        source_person_id,
        person_id,
        max(change_id) as change_id,
        case when sum(sign) > 0 then 'added' else 'removed' end as kind
    from present
    group by data_source, source_person_id, person_id
    having sum(sign) <> 0
)
insert into publishing.crosswalk_changes (change_id, data_source, source_person_id, kind, person_id)
select change_id, data_source, source_person_id, kind, person_id
from difference
where exists (select from publication)
order by data_source, source_person_id, kind desc, person_id
