-- The audit, the newest first: of somebody, about a person, of one kind of operation.
select audit_id, at, actor, user_id, client, operation, person_ids::text[], record_ids, case_ids, change_id, detail
from access.audit
where (%(before)s::bigint is null or audit_id < %(before)s)
    and (%(actor)s::text is null or actor = %(actor)s)
    and (%(operation)s::text is null or operation = %(operation)s)
    and (%(person_id)s::uuid is null or person_ids @> array[%(person_id)s::uuid])
    and (%(since)s::timestamptz is null or at >= %(since)s)
order by audit_id desc
limit %(limit)s
