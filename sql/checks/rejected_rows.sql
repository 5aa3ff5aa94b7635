-- More than one row in twenty of this batch rejected: the reasons and their counts.
with delivered as (
    select coalesce(sum(rows_delivered), 0) as rows_delivered, coalesce(sum(rows_rejected), 0) as rows_rejected
    from intake.arrivals
    where batch_id = %(batch_id)s
)
select rejected.reason_code as problem, count(*) as affected
from raw.rejected_rows as rejected
cross join delivered
where rejected.batch_id = %(batch_id)s and delivered.rows_rejected * 20 > delivered.rows_delivered
group by rejected.reason_code
