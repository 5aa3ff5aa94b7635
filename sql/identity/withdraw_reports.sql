-- Erases what was reported about some records.
delete from identity.reported_pairs
where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
