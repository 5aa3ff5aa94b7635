-- Objects of this batch that could not be read, by reason.
select reason_code as problem, count(*) as affected
from intake.arrivals
where batch_id = %(batch_id)s and status = 'failed'
group by reason_code
