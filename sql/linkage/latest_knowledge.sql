-- The latest comparison of what a model knows with what the index showed.
select records, frozen_family_share, family_share, shared_values_unknown
from matching.knowledge_checks
where model_id = %(model_id)s
order by check_id desc
limit 1
