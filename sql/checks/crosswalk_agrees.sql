-- Source identities of this batch that the crosswalk lacks or gives another person than membership does.
with expected as materialized (
    select distinct record.data_source, record.source_person_id, membership.person_id
    from raw.person_records as of_batch
    join raw.person_records as record using (data_source, source_person_id)
    join identity.membership on membership.record_id = record.record_id
    where of_batch.batch_id = %(batch_id)s
)
select 'missing' as problem, count(*) as affected
from expected
left join publishing.crosswalk using (data_source, source_person_id, person_id)
where crosswalk.since_change_id is null
union all
select 'outdated', count(*)
from (select distinct data_source, source_person_id from expected) as source_identity
join publishing.crosswalk using (data_source, source_person_id)
left join expected using (data_source, source_person_id, person_id)
where expected.person_id is null
