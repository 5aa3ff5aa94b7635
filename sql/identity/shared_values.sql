-- Values that the active model knows to be shared by many, with the columns named as in what it has learnt.
select 'shared:' || shared.column_name, shared.value
from matching.shared_values as shared
join matching.model as model on model.model_id = shared.model_id
where model.is_active
