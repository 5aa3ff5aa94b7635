-- The objects of a batch in the order they are read, with what became of their rows.
select
    arrival.arrival_id, arrival.batch_id, arrival.bucket, arrival.object_key, arrival.object_version, arrival.size_bytes,
    arrival.status, arrival.reason_code, arrival.reason, arrival.unknown_columns,
    coalesce(arrival.rows_delivered, 0), coalesce(arrival.rows_new, 0),
    coalesce(arrival.rows_known, 0), coalesce(arrival.rows_rejected, 0),
    coalesce(rejected.by_reason, '{}'::jsonb)
from intake.arrivals as arrival
left join (
    select counted.arrival_id, jsonb_object_agg(counted.reason_code, counted.rows_rejected) as by_reason
    from (
        select arrival_id, reason_code, count(*) as rows_rejected
        from raw.rejected_rows
        where batch_id = %(batch_id)s
        group by arrival_id, reason_code
    ) as counted
    group by counted.arrival_id
) as rejected using (arrival_id)
where arrival.batch_id = %(batch_id)s
    and (not %(only_waiting)s or arrival.status = 'waiting')
order by arrival.arrival_id
