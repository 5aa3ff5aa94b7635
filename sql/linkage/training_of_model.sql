-- How a model was trained, if it was.
select start_model_id, records, seen_change_id, report, trained_at, trained_by
from matching.model_training
where model_id = %(model_id)s
