-- What happened to a person_id, the latest change first: how many records came and went, and with whom it merged or split.
with side as (
    select
        change_id, kind, person_id, other_person_id,
        case
            when kind = 'record_withdrawn' then 'went'
            when kind in ('record_assigned', 'record_moved') then 'came'
            when kind = 'person_merged' then 'merged into'
            when kind = 'person_split' then 'split off from'
            when kind = 'person_revived' then 'revived'
            else 'retired'
        end as what
    from identity.events
    where person_id = %(person_id)s::uuid
    union all
    select
        change_id, kind, other_person_id, person_id,
        case when kind = 'record_moved' then 'went' when kind = 'person_merged' then 'took in' else 'let go' end
    from identity.events
    where other_person_id = %(person_id)s::uuid and person_id <> %(person_id)s::uuid
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
    told.came, told.went, told.what, told.others
from (
    select
        change_id,
        count(*) filter (where what = 'came') as came,
        count(*) filter (where what = 'went') as went,
        array_agg(distinct what) filter (where what not in ('came', 'went')) as what,
        array_agg(distinct other_person_id::text) filter (where what not in ('came', 'went') and other_person_id is not null)
            as others
    from side
    group by change_id
) as told
join identity.changes as change on change.change_id = told.change_id
order by change.change_id desc
limit %(limit)s
