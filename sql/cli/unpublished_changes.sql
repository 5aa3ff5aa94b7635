-- How many identity changes that moved records are newer than the last publication; others leave the crosswalk as it is.
select count(*)
from identity.changes
where change_id > (select coalesce(max(through_change_id), 0) from publishing.publications)
    and event_count > 0
