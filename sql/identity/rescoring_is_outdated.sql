-- Whether a batch was applied that the latest rescoring of the index has not seen.
select coalesce((select max(change_id) from identity.changes where kind = 'batch'), 0)
    > coalesce((select max(seen_change_id) from matching.rescorings), 0)
