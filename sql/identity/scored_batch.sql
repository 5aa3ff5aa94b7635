-- What the predictions of a batch were scored with and against, and whether that is still the state of the index.
select
    scored.model_id,
    model.is_active,
    scored.seen_change_id >= coalesce(
        (select change_id from identity.changes where kind = 'batch' order by change_id desc limit 1), 0
    ) as is_current
from matching.scored_batches as scored
join matching.model as model on model.model_id = scored.model_id
where scored.batch_id = %(batch_id)s
