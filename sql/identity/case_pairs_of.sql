-- The pairs a case asks about, strongest first, with what the model said about each.
select
    pair.record_id_l, pair.record_id_r, pair.reason, prediction.match_weight, prediction.match_probability,
    prediction.levels, prediction.weights, prediction.model_id
from identity.case_pairs as pair
left join matching.predictions as prediction
    on prediction.record_id_l = pair.record_id_l and prediction.record_id_r = pair.record_id_r
where pair.case_id = %(case_id)s
order by prediction.match_weight desc nulls last, pair.record_id_l, pair.record_id_r
