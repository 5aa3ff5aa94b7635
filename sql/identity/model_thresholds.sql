-- The thresholds of every match model.
select model_id, potential_threshold, auto_threshold, guards
from matching.model
