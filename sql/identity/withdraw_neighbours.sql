-- Records that share a prediction, a decision or a review case with some records.
select record_id_r from matching.predictions where record_id_l = any (%(record_ids)s)
union
select record_id_l from matching.predictions where record_id_r = any (%(record_ids)s)
union
select record_id_r from identity.decisions where record_id_l = any (%(record_ids)s)
union
select record_id_l from identity.decisions where record_id_r = any (%(record_ids)s)
