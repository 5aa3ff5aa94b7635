-- Touched records of source identities with several versions, with the lowest record of the source identity.
with versions as (
    select min(record.record_id) as first_record_id, array_agg(record.record_id) as record_ids
    from touched_records as touched
    join raw.person_records as record on record.record_id = touched.record_id
    where record.data_source <> all (%(untrusted_sources)s::text[])
    group by record.data_source, record.source_person_id
    having count(*) > 1
)
select unnest(record_ids) as record_id, first_record_id
from versions
