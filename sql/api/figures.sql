-- What a monitor wants to know, found through indexes alone: batches, newest change, what is not published yet, cases.
select
    (select count(*) from intake.batches where status in ('waiting', 'running')) as batches_open,
    (select count(*) from intake.batches where status = 'failed') as batches_failed,
    (
        select coalesce(extract(epoch from now() - min(created_at)), 0)::double precision
        from intake.batches
        where status in ('waiting', 'running')
    ) as oldest_batch_seconds,
    (select coalesce(max(change_id), 0) from identity.changes) as newest_change,
    (
        select coalesce((select max(change_id) from identity.changes), 0) - coalesce(max(through_change_id), 0)
        from publishing.publications
    ) as changes_unpublished,
    (
        select coalesce(extract(epoch from now() - min(opened_at)), 0)::double precision
        from identity.review_cases
        where status = 'open'
    ) as oldest_case_seconds
