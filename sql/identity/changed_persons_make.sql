-- Persons of the index whose records change.
create temporary table changed_persons (person_id uuid, record_count integer, merged_into uuid) on commit drop
