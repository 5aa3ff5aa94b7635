-- Makes the list of records that a change reaches; round 0 is where it starts.
create temporary table touched_records (record_id bigint primary key, round integer not null) on commit drop
