-- A change and, where it was taken back, the change that did it and still stands.
select
    change.kind, change.batch_id,
    (
        select undo.change_id
        from identity.changes as undo
        where undo.undoes_change_id = change.change_id
            and not exists (select from identity.changes as redo where redo.undoes_change_id = undo.change_id)
        order by undo.change_id desc
        limit 1
    )
from identity.changes as change
where change.change_id = %(change_id)s
