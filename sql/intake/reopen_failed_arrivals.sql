-- The objects of a batch that could not be read are to be read again, in the batch that is open for it.
update intake.arrivals
set batch_id = %(opened)s, status = 'waiting', reason_code = null, reason = null, read_at = null
where batch_id = %(batch_id)s and status = 'failed'
