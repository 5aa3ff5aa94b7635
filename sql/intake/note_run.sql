-- The Dagster run that works on a batch, or did so last.
update intake.batches
set last_run_id = %(run_id)s
where batch_id = %(batch_id)s
