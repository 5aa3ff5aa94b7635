-- The tables of blocking keys, one a match model.
select tablename
from pg_tables
where schemaname = 'matching' and tablename ~ '^blocking_keys_[0-9]+$'
