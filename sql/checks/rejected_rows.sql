-- More than one row in twenty of this batch rejected, not counting withdrawn source identities: reasons and counts.
with delivered as (
    select coalesce(sum(rows_delivered), 0) as rows_delivered
    from intake.arrivals
    where batch_id = %(batch_id)s
),
rejected as (
    select reason_code, count(*) as rows_rejected
    from raw.rejected_rows
    where batch_id = %(batch_id)s and reason_code <> 'withdrawn'
    group by reason_code
)
select reason_code as problem, rows_rejected as affected
from rejected
cross join delivered
where (select sum(rows_rejected) from rejected) * 20 > delivered.rows_delivered
