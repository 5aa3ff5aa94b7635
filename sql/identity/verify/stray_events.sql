-- Changes that something mentions and that do not exist: taken out of the ledger, or off its end.
select distinct mentioned.change_id::text
from (
    select change_id from identity.events
    union all
    select change_id from identity.decisions
    union all
    select revoked_change_id from identity.decisions where revoked_change_id is not null
    union all
    select created_change_id from identity.persons
    union all
    select retired_change_id from identity.persons where retired_change_id is not null
    union all
    select change_id from identity.membership
    union all
    select unnest(array[opened_change_id, updated_change_id, closed_change_id]) from identity.review_cases
    union all
    select through_change_id from publishing.publications
    union all
    select seen_change_id from matching.scored_batches
) as mentioned
where mentioned.change_id > 0
    and not exists (select from identity.changes where changes.change_id = mentioned.change_id)
