-- How many values of each column a model knows to be shared by many.
select column_name, count(*)
from matching.shared_values
where model_id = %(model_id)s
group by column_name
order by column_name
