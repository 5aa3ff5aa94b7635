-- Up to where the crosswalk and its change feed are published; no row before the first publication.
select through_change_id, last_change_no
from publishing.publications
order by publication_no desc
limit 1
