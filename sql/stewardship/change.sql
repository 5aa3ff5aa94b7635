-- One change of identity, the change that took it back and still stands, and the Dagster run of its batch, if any.
select
    change.change_id, change.at, change.kind, change.actor, change.batch_id, change.note, change.undoes_change_id,
    (
        select undo.change_id
        from identity.changes as undo
        where undo.undoes_change_id = change.change_id
            and not exists (select from identity.changes as redo where redo.undoes_change_id = undo.change_id)
        order by undo.change_id desc
        limit 1
    ) as taken_back_by,
    batch.last_run_id as run_id
from identity.changes as change
left join intake.batches as batch on batch.batch_id = change.batch_id
where change.change_id = %(change_id)s
