-- One row for each source identity of the index and person it is in, with the groups of its newest record there.
create temporary table indexed on commit drop as
with identities as (
    select
        record.data_source,
        record.source_person_id,
        membership.person_id,
        min(record.record_id) as first_record_id,
        max(record.record_id) as record_id
    from raw.person_records as record
    join identity.membership using (record_id)
    group by record.data_source, record.source_person_id, membership.person_id
)
select
    identities.data_source,
    identities.person_id,
    identities.first_record_id,
    coalesce(record.sex, 'unknown') as sex,
    coalesce(record.race, 'unknown') as race,
    coalesce(record.age_band, 'unknown') as age_band
from identities
left join evaluation.subgroups as record using (record_id)
