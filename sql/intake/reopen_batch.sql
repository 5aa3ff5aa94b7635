-- A batch is to be tried again, from its first attempt.
update intake.batches
set status = 'waiting', attempts = 0, failure_reason = null, finished_at = null
where batch_id = %(batch_id)s
