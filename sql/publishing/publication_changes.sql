-- What one publication added and removed.
select change_no, change_id, data_source, source_person_id, kind, person_id::text as person_id
from publishing.crosswalk_changes
where change_no > %(after_change_no)s and change_no <= %(last_change_no)s
order by change_no
