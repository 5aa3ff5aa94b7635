-- Batches with their counts, newest first; of one id, or of one status, when given.
select
    batch.batch_id, batch.status, batch.attempts, batch.failure_reason,
    batch.created_at, batch.started_at, batch.finished_at,
    count(arrival.arrival_id) as objects,
    count(arrival.arrival_id) filter (where arrival.status = 'waiting') as objects_waiting,
    count(arrival.arrival_id) filter (where arrival.status = 'failed') as objects_failed,
    coalesce(sum(arrival.rows_delivered), 0)::bigint as rows_delivered,
    coalesce(sum(arrival.rows_new), 0)::bigint as rows_new,
    coalesce(sum(arrival.rows_known), 0)::bigint as rows_known,
    coalesce(sum(arrival.rows_rejected), 0)::bigint as rows_rejected
from (
    select *
    from intake.batches
    where (%(batch_id)s::text is null or batch_id = %(batch_id)s)
        and (%(statuses)s::text[] is null or status = any(%(statuses)s))
    order by batch_no desc
    limit %(limit)s
) as batch
left join intake.arrivals as arrival using (batch_id)
group by batch.batch_no, batch.batch_id, batch.status, batch.attempts, batch.failure_reason,
    batch.created_at, batch.started_at, batch.finished_at
order by batch.batch_no desc
