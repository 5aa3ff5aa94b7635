-- Number and time of the next change; changes are numbered without gaps, by whoever holds the identity lock.
select coalesce(max(change_id), 0) + 1, clock_timestamp()::text
from identity.changes
