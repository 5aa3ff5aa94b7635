-- Erases some records from cleaned.person_records.
delete from cleaned.person_records
where record_id = any (%(record_ids)s)
