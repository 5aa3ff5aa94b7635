-- Open cases that wait with a steward: the latest note that begins with @name says with whom; @nobody gives it back.
select handed.case_id, handed.assignee
from (
    select distinct on (note.case_id)
        note.case_id, substring(note.note from '^@([^[:space:]:,]+)') as assignee
    from identity.notes as note
    join identity.review_cases as review_case on review_case.case_id = note.case_id
    where starts_with(note.note, '@') and review_case.status = 'open'
    order by note.case_id, note.note_id desc
) as handed
where handed.assignee <> 'nobody'
