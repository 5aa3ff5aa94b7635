-- The objects of a batch that could not be read are to be read again.
update intake.arrivals
set status = 'waiting', reason_code = null, reason = null, read_at = null
where batch_id = %(batch_id)s and status = 'failed'
