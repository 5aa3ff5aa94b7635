-- The content hash of some records, to break ties without regard to the order of arrival.
select record_id, encode(content_hash, 'hex')
from raw.person_records
where record_id = any (%(record_ids)s)
