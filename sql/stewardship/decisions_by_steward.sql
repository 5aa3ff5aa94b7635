-- Per steward, in the last thirty days: what was saved, and how much of it was taken back since.
select
    change.actor,
    count(*) as saved,
    count(*) filter (
        where exists (
            select
            from identity.changes as undo
            where undo.undoes_change_id = change.change_id
                and not exists (select from identity.changes as redo where redo.undoes_change_id = undo.change_id)
        )
    ) as taken_back
from identity.changes as change
where change.kind = 'decision' and change.at > now() - interval '30 days'
group by change.actor
order by saved desc, change.actor
limit 50
