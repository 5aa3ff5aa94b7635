-- What some records were delivered with beyond the standard columns.
select record_id, extra
from raw.person_records
where record_id = any (%(record_ids)s) and extra is not null
