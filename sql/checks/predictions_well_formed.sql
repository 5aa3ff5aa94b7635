-- Predictions of this batch at or below their model's threshold, with a weight that disagrees, or of no record.
select 'not above the potential threshold' as problem, count(*) as affected
from matching.predictions as prediction
join matching.model using (model_id)
where prediction.batch_id = %(batch_id)s and not prediction.match_probability > model.potential_threshold
union all
select 'of a record that is not cleaned', count(*)
from matching.predictions as prediction
where prediction.batch_id = %(batch_id)s
  and (
    not exists (select from cleaned.person_records as cleaned where cleaned.record_id = prediction.record_id_l)
    or not exists (select from cleaned.person_records as cleaned where cleaned.record_id = prediction.record_id_r)
  )
union all
select 'weights and comparisons differ in number', count(*)
from matching.predictions as prediction
join matching.model using (model_id)
where prediction.batch_id = %(batch_id)s
  and (
    cardinality(prediction.levels) <> jsonb_array_length(model.settings -> 'comparisons')
    or cardinality(prediction.weights) <> cardinality(prediction.levels)
  )
union all
select 'batch not scored', 1
where not exists (select from matching.scored_batches where batch_id = %(batch_id)s)
