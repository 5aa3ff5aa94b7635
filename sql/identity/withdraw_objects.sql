-- The delivered objects that brought rows of a source identity: new ones, and rejected ones by (arrival, rows).
select arrival.bucket, arrival.object_key, arrival.object_version, sum(held.held_rows)::bigint
from (
    select record.arrival_id, count(*) as held_rows
    from raw.person_records as record
    where record.data_source = %(data_source)s and record.source_person_id = %(source_person_id)s
    group by record.arrival_id
    union all
    select arrival_id, held_rows
    from unnest(%(rejected_arrivals)s::bigint[], %(rejected_counts)s::bigint[]) as rejected (arrival_id, held_rows)
) as held
join intake.arrivals as arrival using (arrival_id)
group by arrival.bucket, arrival.object_key, arrival.object_version
order by arrival.bucket, arrival.object_key, arrival.object_version
