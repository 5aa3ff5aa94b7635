-- The latest note of each of some cases, how many there are, and to whom the latest @name hands the case.
select
    note.case_id,
    count(*) as notes,
    (array_agg(note.actor order by note.note_id desc))[1] as last_actor,
    (array_agg(note.note order by note.note_id desc))[1] as last_note,
    (array_agg(substring(note.note from '^@([^[:space:]:,]+)') order by note.note_id desc)
        filter (where starts_with(note.note, '@')))[1] as assignee
from identity.notes as note
where note.case_id = any (%(case_ids)s)
group by note.case_id
