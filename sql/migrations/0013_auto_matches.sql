alter table matching.scored_batches add column auto_matches bigint;
comment on column matching.scored_batches.auto_matches is 'Pairs above the auto threshold when it was scored, so that nobody need count them again.';

update matching.scored_batches as scored
set auto_matches = (
    select count(*)
    from matching.predictions as prediction
    join matching.model using (model_id)
    where prediction.batch_id = scored.batch_id and prediction.match_probability > model.auto_threshold
);
