-- How many identity changes are newer than the last publication.
select count(*)
from identity.changes
where change_id > (select coalesce(max(through_change_id), 0) from publishing.publications)
