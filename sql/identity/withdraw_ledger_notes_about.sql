-- Changes with a note, their own or of a decision they made, that have to do with some records or persons.
select change.change_id, concat_ws(chr(10), change.note, decided.notes) as notes
from identity.changes as change
left join lateral (
    select string_agg(decision.note, chr(10)) as notes
    from identity.decisions as decision
    where decision.change_id = change.change_id
) as decided on true
where change.change_id in (
    select change_id from identity.events where record_id = any (%(record_ids)s)
    union
    select change_id from identity.events where person_id = any (%(person_ids)s::uuid[])
    union
    select change_id from identity.events where other_person_id = any (%(person_ids)s::uuid[])
    union
    select change_id from identity.decisions where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
    union
    select revoked_change_id
    from identity.decisions
    where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
)
    and coalesce(change.note, decided.notes) is not null
order by change.change_id
