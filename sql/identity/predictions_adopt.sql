-- Makes the predictions of a rematch those of the index.
insert into matching.predictions (
    batch_id, model_id, record_id_l, record_id_r, match_weight, match_probability, levels, weights
)
select
    %(batch_id)s, model_id, record_id_l, record_id_r, match_weight, match_probability, levels, weights
from matching.rescored_predictions
order by record_id_l, record_id_r
on conflict (record_id_l, record_id_r) do nothing
