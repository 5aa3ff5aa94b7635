-- A batch has used up its attempts: people must look. What failed last stays told.
update intake.batches
set status = 'failed', failure_reason = concat_ws('; ', %(reason)s::text, 'last: ' || failure_reason), finished_at = now()
where batch_id = %(batch_id)s and status in ('waiting', 'running')
