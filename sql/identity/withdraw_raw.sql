-- Erases some records from raw.person_records.
delete from raw.person_records
where record_id = any (%(record_ids)s)
