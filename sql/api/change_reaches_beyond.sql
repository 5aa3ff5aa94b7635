-- Whether a change moved or decided about a record of a data source outside some, or about none that is left within them.
with touched as materialized (
    select record_id from identity.events where change_id = %(change_id)s
    union
    select unnest(array[record_id_l, record_id_r])
    from identity.decisions
    where change_id = %(change_id)s or revoked_change_id = %(change_id)s
)
select coalesce(bool_or(record.data_source <> all (%(scope)s::text[])), true)
from touched
join raw.person_records as record on record.record_id = touched.record_id
