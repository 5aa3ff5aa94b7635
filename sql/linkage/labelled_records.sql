-- Labelled pairs of source identities as pairs of records: the newest of each, where both are in the index.
with newest as (
    select distinct on (data_source, source_person_id)
        data_source,
        source_person_id,
        record_id
    from cleaned.person_records
    join identity.membership using (record_id)
    where (data_source, source_person_id) in (
        select label.source_l, label.id_l from pg_temp.labels as label
        union
        select label.source_r, label.id_r from pg_temp.labels as label
    )
    order by data_source, source_person_id, record_id desc
)
select distinct on (least(l.record_id, r.record_id), greatest(l.record_id, r.record_id))
    least(l.record_id, r.record_id) as record_id_l,
    greatest(l.record_id, r.record_id) as record_id_r,
    label.is_match::integer as is_match
from pg_temp.labels as label
join newest as l on l.data_source = label.source_l and l.source_person_id = label.id_l
join newest as r on r.data_source = label.source_r and r.source_person_id = label.id_r
where l.record_id <> r.record_id
order by 1, 2
