-- Publications whose part of the change feed is not yet written to the object store.
select publication_no, through_change_id, after_change_no, last_change_no
from publishing.publications
where exported_at is null
order by publication_no
