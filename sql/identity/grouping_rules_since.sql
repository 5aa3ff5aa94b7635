-- What persons are grouped by as they are: all rules that were in use since the latest rematch grouped everything anew.
with whole as (
    select coalesce(max(change_id), 0) as change_id
    from identity.changes
    where kind = 'rematch'
)
select noted.rules
from identity.grouping_rules as noted, whole
where noted.change_id >= coalesce(
    (select max(earlier.change_id) from identity.grouping_rules as earlier where earlier.change_id <= whole.change_id), 0
)
order by noted.change_id
