-- Notes about a case or some persons, oldest first.
select note_id, case_id, person_id::text, actor, note, noted_at
from identity.notes
where case_id = %(case_id)s::bigint or person_id = any (%(person_ids)s::uuid[])
order by note_id
