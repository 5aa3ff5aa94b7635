-- What happened to a review case, oldest first: opened, decided in part or whole, closed; and who took it back since.
with step as (
    select opened_change_id as change_id, 'opened' as what
    from identity.review_cases
    where case_id = %(case_id)s
    union
    select closed_change_id, 'closed'
    from identity.review_cases
    where case_id = %(case_id)s and closed_change_id is not null
    union
    -- By record: decisions are indexed by it.
    select change_id, 'decided'
    from identity.decisions
    where record_id_r = any (%(record_ids)s) and case_id = %(case_id)s
)
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
    array_agg(step.what order by step.what desc) as what
from step
join identity.changes as change on change.change_id = step.change_id
group by change.change_id
order by change.change_id
