-- The data sources of some records of the index.
select record_id, data_source
from raw.person_records
where record_id = any (%(record_ids)s)
