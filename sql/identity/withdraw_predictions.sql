-- Erases some records from matching.predictions.
delete from matching.predictions
where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
