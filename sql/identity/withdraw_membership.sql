-- Erases some records from identity.membership.
delete from identity.membership
where record_id = any (%(record_ids)s)
