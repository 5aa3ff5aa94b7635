-- Where a record stands in the order of names.
select last_name, first_name
from cleaned.person_records
where record_id = %(record_id)s
