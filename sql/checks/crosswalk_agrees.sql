-- Source identities of this batch that the crosswalk lacks or gives another person than membership does.
with expected as (
    select distinct source_identity.data_source, source_identity.source_person_id, membership.person_id
    from (
        select distinct data_source, source_person_id from raw.person_records where batch_id = %(batch_id)s
    ) as source_identity
    join raw.person_records as record using (data_source, source_person_id)
    join identity.membership using (record_id)
),
published as (
    select crosswalk.data_source, crosswalk.source_person_id, crosswalk.person_id
    from publishing.crosswalk
    where (data_source, source_person_id) in (select data_source, source_person_id from expected)
)
select 'missing' as problem, count(*) as affected
from (select * from expected except select * from published) as missing
union all
select 'outdated', count(*)
from (select * from published except select * from expected) as outdated
