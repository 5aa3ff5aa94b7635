-- The persons that a change touched, and what it did to each: records that came and went, merges, splits.
select
    side.person_id::text,
    count(*) filter (where side.what = 'came') as came,
    count(*) filter (where side.what = 'went') as went,
    bool_or(side.what = 'person_merged') as was_merged,
    bool_or(side.what = 'person_split') as was_split_off,
    bool_or(side.what = 'person_revived') as was_revived,
    max(side.other_person_id::text) filter (where side.what in ('person_merged', 'person_split')) as other_person_id
from (
    select
        person_id, other_person_id,
        case when kind in ('record_assigned', 'record_moved') then 'came' when kind = 'record_withdrawn' then 'went' else kind end
            as what
    from identity.events
    where change_id = %(change_id)s
    union all
    select other_person_id, person_id, 'went'
    from identity.events
    where change_id = %(change_id)s and kind = 'record_moved'
) as side
group by side.person_id
order by side.person_id
limit %(limit)s
