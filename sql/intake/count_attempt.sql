-- One more attempt at a batch begins.
update intake.batches
set attempts = attempts + 1, status = 'running', started_at = now(), finished_at = null
where batch_id = %(batch_id)s
returning attempts
