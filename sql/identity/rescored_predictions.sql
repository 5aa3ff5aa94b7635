-- The predictions of the latest rematch; the guards have not looked at them.
select record_id_l, record_id_r, match_weight, match_probability, model_id, null::smallint as guard_verdict
from matching.rescored_predictions
