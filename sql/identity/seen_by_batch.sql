-- What working out a batch relies on besides the records: identities, the active model, and how the batch was scored.
select
    (select max(change_id) from identity.changes),
    (select model_id from matching.model where is_active),
    (select array[model_id, seen_change_id, extract(epoch from scored_at)] from matching.scored_batches where batch_id = %(batch_id)s)
