-- The model of the latest rescoring of the index, if it was not used yet.
select model_id
from matching.rescorings
