-- The records of both sides of those missed pairs for which no score is stored.
create temporary table unscored_members on commit drop as
select missed.missed_no, compared.person_id = missed.person_id as first, compared.record_id
from missed
join compared
    on compared.human_no = missed.human_no
    and compared.person_id in (missed.person_id, missed.other_person_id)
where not missed.scored
