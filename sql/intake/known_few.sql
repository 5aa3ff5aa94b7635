-- Which of a few content hashes are stored already.
select content_hash
from raw.person_records
where content_hash = any (%(hashes)s)
