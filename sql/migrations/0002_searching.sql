-- Searching persons by name and birth date, and looking up what was taken back.

-- One btree each for names and birth dates; pattern ops, because people type beginnings.
create index cleaned_person_records_name on cleaned.person_records (last_name text_pattern_ops, first_name text_pattern_ops);
create index cleaned_person_records_birth_date on cleaned.person_records (birth_date text_pattern_ops);

create index changes_undoes on identity.changes (undoes_change_id) where undoes_change_id is not null;
