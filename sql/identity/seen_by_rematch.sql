-- What working out a rematch relies on besides the records: identities, the active model, and the latest rescoring.
select
    (select max(change_id) from identity.changes),
    (select model_id from matching.model where is_active),
    (select max(array[model_id, seen_change_id, extract(epoch from scored_at)]) from matching.rescorings)
