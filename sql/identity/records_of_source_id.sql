-- The records with a source_person_id, of some data sources.
select record_id
from raw.person_records
where data_source = any (%(data_sources)s) and source_person_id = %(source_person_id)s
