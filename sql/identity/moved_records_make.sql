-- Records that go from one person to another.
create temporary table moved_records (record_id bigint, person_id uuid) on commit drop
