-- Number and time of the next change: numbered without gaps by whoever holds the identity lock, and never earlier than
-- the one before, even if the clock was set back, or what is told about moments of the past would change.
select coalesce(max(change_id), 0) + 1, greatest(clock_timestamp(), max(at) + interval '1 microsecond')::text
from (
    select change_id, at
    from identity.changes
    order by change_id desc
    limit 1
) as latest
