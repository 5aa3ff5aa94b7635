-- Objects of this batch whose rows do not add up: delivered = new + known + rejected, and new and rejected rows are there
-- (new ones unless they were withdrawn since).
with stored as (
    select arrival_id, count(*) as rows_stored
    from raw.person_records
    where batch_id = %(batch_id)s
    group by arrival_id
),
rejected as (
    select arrival_id, count(*) as rows_rejected
    from raw.rejected_rows
    where batch_id = %(batch_id)s
    group by arrival_id
)
select 'arrival ' || arrival.arrival_id as problem, 1 as affected
from intake.arrivals as arrival
left join stored using (arrival_id)
left join rejected using (arrival_id)
where arrival.batch_id = %(batch_id)s
  and (
    arrival.status = 'waiting'
    or (arrival.status = 'read' and (
        arrival.rows_delivered is distinct from arrival.rows_new + arrival.rows_known + arrival.rows_rejected
        or arrival.rows_new is distinct from coalesce(stored.rows_stored, 0) + arrival.rows_withdrawn
        or arrival.rows_rejected is distinct from coalesce(rejected.rows_rejected, 0)
    ))
    or (arrival.status = 'failed' and (stored.rows_stored > 0 or rejected.rows_rejected > 0))
  )
