-- Erases some records from matching.rescored_predictions.
delete from matching.rescored_predictions
where record_id_l = any (%(record_ids)s) or record_id_r = any (%(record_ids)s)
