-- Over the whole index: the crosswalk against membership, as far as it is published.
with expected as (
    select distinct record.data_source, record.source_person_id, membership.person_id
    from raw.person_records as record
    join identity.membership using (record_id)
    where membership.change_id <= (select coalesce(max(through_change_id), 0) from publishing.publications)
),
published as (
    select data_source, source_person_id, person_id from publishing.crosswalk
)
select 'missing' as problem, count(*) as affected
from (select * from expected except select * from published) as missing
