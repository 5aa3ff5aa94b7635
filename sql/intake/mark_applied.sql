-- A batch is in the crosswalk.
update intake.batches
set status = 'applied', failure_reason = null, finished_at = coalesce(finished_at, now())
where batch_id = %(batch_id)s
