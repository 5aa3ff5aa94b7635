-- Events, decisions and persons of changes that do not exist.
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
) as mentioned
where not exists (select from identity.changes where changes.change_id = mentioned.change_id)
