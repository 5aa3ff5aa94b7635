-- Writes a note about a case or a person.
insert into identity.notes (case_id, person_id, actor, note)
values (%(case_id)s::bigint, %(person_id)s::uuid, %(actor)s, %(note)s)
returning note_id, case_id, person_id::text, actor, note, noted_at
