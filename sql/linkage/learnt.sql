-- What a model has learnt: frequencies of values, and how many humans have those shared by many.
select column_name, value, frequency
from matching.term_frequencies
where model_id = %(model_id)s
union all
select 'shared:' || column_name, value, humans
from matching.shared_values
where model_id = %(model_id)s
