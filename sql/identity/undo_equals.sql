-- A change and all that amount to it: it made again, by taking back that it was taken back, however often.
with recursive origin as (
    select change.change_id, undone.undoes_change_id
    from identity.changes as change
    left join identity.changes as undone on undone.change_id = change.undoes_change_id
    where change.change_id = %(change_id)s
    union
    select earlier.change_id, undone.undoes_change_id
    from origin
    join identity.changes as earlier on earlier.change_id = origin.undoes_change_id
    left join identity.changes as undone on undone.change_id = earlier.undoes_change_id
),
equal as (
    select min(change_id) as change_id from origin
    union
    select redone.change_id
    from equal
    join identity.changes as undone on undone.undoes_change_id = equal.change_id
    join identity.changes as redone on redone.undoes_change_id = undone.change_id
)
select change_id from equal
