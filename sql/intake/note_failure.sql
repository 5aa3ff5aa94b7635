-- An attempt at a batch failed; it waits for the next. A batch applied or given up meanwhile stays that.
update intake.batches
set status = 'waiting', failure_reason = %(reason)s
where batch_id = %(batch_id)s and status in ('waiting', 'running')
