-- The whole crosswalk as additions, when nothing is published yet: one pass, no lookups.
with publication as (
    insert into publishing.publications (through_change_id, added, removed, after_change_no, last_change_no)
    select max(change_id), 0, 0, %(after_change_no)s, %(after_change_no)s
    from identity.changes
    having max(change_id) > %(published_through)s
    returning through_change_id
)
insert into publishing.crosswalk_changes (change_id, data_source, source_person_id, kind, person_id)
select max(membership.change_id), record.data_source, record.source_person_id, 'added', membership.person_id
from identity.membership as membership
join raw.person_records as record on record.record_id = membership.record_id
where exists (select from publication)
group by record.data_source, record.source_person_id, membership.person_id
order by record.data_source, record.source_person_id, membership.person_id
