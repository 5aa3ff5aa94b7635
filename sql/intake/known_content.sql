-- Which of the delivered content hashes are stored already.
select record.content_hash
from delivered_hashes
join raw.person_records as record using (content_hash)
