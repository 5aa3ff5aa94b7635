-- The next entries of the change feed.
select change_no, change_id, data_source, source_person_id, kind, person_id::text, published_at
from publishing.crosswalk_changes
where change_no > %(after)s
order by change_no
limit %(limit)s
