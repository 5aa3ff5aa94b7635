-- Note who did what to whom.
insert into access.audit (actor, user_id, client, operation, person_ids, record_ids, case_ids, change_id, detail)
values (
    %(actor)s, %(user_id)s, %(client)s, %(operation)s, %(person_ids)s::uuid[], %(record_ids)s, %(case_ids)s,
    %(change_id)s, %(detail)s
)
