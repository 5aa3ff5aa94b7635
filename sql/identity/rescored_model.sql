-- The model of the latest rematch.
select distinct model_id
from matching.rescored_predictions
