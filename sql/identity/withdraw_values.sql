-- All values of some records, as delivered and as cleaned; of one person only, so few.
select distinct value
from (
    select entry.value
    from raw.person_records as record
    cross join lateral jsonb_each_text(
        to_jsonb(record) - array['record_id', 'batch_id', 'arrival_id', 'line_number', 'content_hash', 'extra', 'data_source', 'sex', 'state']
    ) as entry
    where record.record_id = any (%(record_ids)s)
    union all
    select entry.value
    from raw.person_records as record
    cross join lateral jsonb_each_text(coalesce(record.extra, '{}')) as entry
    where record.record_id = any (%(record_ids)s)
    union all
    select entry.value
    from cleaned.person_records as record
    cross join lateral jsonb_each_text(
        to_jsonb(record) - array['record_id', 'batch_id', 'data_source', 'sex', 'state']
    ) as entry
    where record.record_id = any (%(record_ids)s)
) as held
where value is not null
