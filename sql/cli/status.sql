-- The state of the index in numbers, its active model and its last batch.
select
    (select count(*) from raw.person_records) as person_records,
    (select count(*) from raw.rejected_rows) as rejected_rows,
    (select count(*) from identity.persons where retired_change_id is null) as persons,
    (select count(*) from identity.persons where retired_change_id is not null) as retired_persons,
    (select count(*) from identity.review_cases where status = 'open') as open_review_cases,
    (select count(*) from intake.arrivals where status = 'failed') as unreadable_objects,
    (select count(*) from intake.batches where status in ('waiting', 'running')) as batches_under_way,
    (select count(*) from intake.batches where status = 'failed') as batches_failed,
    (
        select json_build_object(
            'model_id', model_id,
            'name', name,
            'potential_threshold', potential_threshold,
            'auto_threshold', auto_threshold,
            'guards', guards
        )
        from matching.model
        where is_active
    ) as active_model,
    (
        select json_build_object(
            'batch_id', batch_id,
            'status', status,
            'created_at', created_at,
            'finished_at', finished_at,
            'failure_reason', failure_reason
        )
        from intake.batches
        order by batch_no desc
        limit 1
    ) as last_batch
