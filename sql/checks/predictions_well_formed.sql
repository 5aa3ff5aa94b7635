-- Predictions of this batch at or below their model's threshold, unexplained, or of no record; a batch not scored.
with models as (
    select model_id, potential_threshold, jsonb_array_length(settings -> 'comparisons') as comparisons
    from matching.model
),
predicted as materialized (
    select record_id_l, record_id_r, model_id, match_probability, cardinality(levels) as levels, cardinality(weights) as weights
    from matching.predictions
    where batch_id = %(batch_id)s
),
mentioned as (
    select record_id_l as record_id from predicted
    union
    select record_id_r from predicted
)
select 'not above the potential threshold' as problem, count(*) as affected
from predicted
join models using (model_id)
where not predicted.match_probability > models.potential_threshold
union all
select 'weights and comparisons differ in number', count(*)
from predicted
join models using (model_id)
where predicted.levels <> models.comparisons or predicted.weights <> predicted.levels
union all
select 'of a record that is not cleaned', count(*)
from mentioned
left join cleaned.person_records as cleaned using (record_id)
where cleaned.record_id is null
union all
select 'batch not scored', 1
where not exists (select from matching.scored_batches where batch_id = %(batch_id)s)
