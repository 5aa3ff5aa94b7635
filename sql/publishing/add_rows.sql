-- Puts what this publication added into the crosswalk.
insert into publishing.crosswalk (data_source, source_person_id, person_id, since_change_id)
select data_source, source_person_id, person_id, change_id
from publishing.crosswalk_changes
where change_no > %(after_change_no)s
    and kind = 'added'
order by data_source, source_person_id, person_id
