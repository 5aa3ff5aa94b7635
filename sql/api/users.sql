-- Everybody who ever signed in.
select user_id, email, name, role, data_sources, first_seen_at, last_seen_at
from access.users
order by user_id
