-- The crosswalk as last published, of all data sources or of some, in an order that does not depend on the server.
select data_source, source_person_id, person_id::text as person_id
from publishing.crosswalk
where %(data_sources)s::text[] is null or data_source = any (%(data_sources)s::text[])
order by data_source collate "C", source_person_id collate "C", person_id
