-- All stored predictions.
select record_id_l, record_id_r, match_weight
from matching.predictions
