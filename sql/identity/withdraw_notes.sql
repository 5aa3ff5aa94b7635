-- Takes the text out of some notes; that somebody noted something stays.
update identity.notes
set note = '(withdrawn)'
where note_id = any (%(note_ids)s)
