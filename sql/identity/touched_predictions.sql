-- Predictions about touched records, each once.
select prediction.record_id_l, prediction.record_id_r, prediction.match_weight, prediction.match_probability,
    prediction.model_id, prediction.guard_verdict
from touched_records as touched
join matching.predictions as prediction on prediction.record_id_l = touched.record_id
union all
select prediction.record_id_l, prediction.record_id_r, prediction.match_weight, prediction.match_probability,
    prediction.model_id, prediction.guard_verdict
from touched_records as touched
join matching.predictions as prediction on prediction.record_id_r = touched.record_id
where not exists (select from touched_records as other where other.record_id = prediction.record_id_l)
