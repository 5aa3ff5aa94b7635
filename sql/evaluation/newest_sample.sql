-- A sample by its number, or the newest one.
select sample_id, made_at, actor, model_id, change_id, potential_bits, auto_bits, seed, allocation, pairs_unscored
from evaluation.samples
where %(sample_id)s::bigint is null or sample_id = %(sample_id)s
order by sample_id desc
limit 1
