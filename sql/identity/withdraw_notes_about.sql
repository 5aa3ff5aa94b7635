-- Notes about some persons, those merged into them and all who ever owned some records, or about review cases that
-- asked about these records.
select note_id, person_id::text, note
from identity.notes
where person_id = any (%(person_ids)s::uuid[])
    or person_id in (
        select retired_person_id from publishing.retired_persons where person_id = any (%(person_ids)s::uuid[])
    )
    or person_id in (select person_id from identity.events where record_id = any (%(record_ids)s))
    or person_id in (select other_person_id from identity.events where record_id = any (%(record_ids)s))
    or case_id in (
        select case_id
        from identity.case_pairs
        where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
        union
        select case_id
        from identity.decisions
        where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
    )
order by note_id
