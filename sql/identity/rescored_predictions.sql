-- The predictions of the latest rematch.
select record_id_l, record_id_r, match_weight, match_probability, model_id
from matching.rescored_predictions
