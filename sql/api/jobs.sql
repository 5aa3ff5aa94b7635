-- Jobs, the newest first: batches that take in, and exports to S3; one of them, or those before some number.
with job as materialized (
    select *
    from (
        select
            batch_no as job_no, 'import' as kind, batch_id,
            case
                when status = 'waiting' then 'new'
                when status = 'applied' then 'succeeded'
                when status = 'failed' and failure_reason like 'cancelled by %%' then 'cancelled'
                else status
            end as status,
            failure_reason as reason, created_at, started_at, finished_at, attempts, last_run_id as run_id,
            null::text as address, null::bigint as row_count
        from intake.batches
        union all
        select
            job_no, 'export', null, status, reason, asked_at, started_at, finished_at, null, null, address, row_count
        from access.export_jobs
    ) as every_job
    where (%(job_no)s::bigint is null or job_no = %(job_no)s)
        and (%(before)s::bigint is null or job_no < %(before)s)
        and (%(status)s::text is null or status = %(status)s)
        and (%(kind)s::text is null or kind = %(kind)s)
    order by job_no desc
    limit %(limit)s
)
select
    job.job_no, job.kind, job.batch_id, job.status, job.reason, job.created_at, job.started_at, job.finished_at,
    job.attempts, job.run_id, job.address, coalesce(job.row_count, counted.row_count), counted.objects
from job
cross join lateral (
    select
        sum(arrival.rows_delivered)::bigint as row_count,
        json_agg(
            json_build_object(
                'object', 's3://' || arrival.bucket || '/' || arrival.object_key,
                'status', arrival.status,
                'reason', arrival.reason,
                'rows', arrival.rows_delivered,
                'new', arrival.rows_new,
                'known', arrival.rows_known,
                'rejected', arrival.rows_rejected
            )
            order by arrival.arrival_id
        ) as objects
    from (
        select * from intake.arrivals where batch_id = job.batch_id order by arrival_id limit 100
    ) as arrival
) as counted
order by job.job_no desc
