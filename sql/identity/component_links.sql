-- Auto-matches among some records, with the threshold of the model that scored each.
select
    prediction.record_id_l, prediction.record_id_r, prediction.match_weight, prediction.match_probability,
    model.auto_threshold
from matching.predictions as prediction
join matching.model as model on model.model_id = prediction.model_id
where prediction.record_id_l = any (%(record_ids)s::bigint[])
    and prediction.record_id_r = any (%(record_ids)s::bigint[])
    and prediction.match_probability > model.auto_threshold
