-- The latest batches: how far each is, when it began and ended, its Dagster run, and what it changed, if anything.
select
    batch.batch_id, batch.status, batch.started_at, batch.finished_at, batch.last_run_id, change.change_id
from intake.batches as batch
left join identity.changes as change on change.batch_id = batch.batch_id and change.kind = 'batch'
order by batch.batch_no desc
limit 10
