-- An object could not be read, and why. No row if somebody else has read it meanwhile.
update intake.arrivals
set status = 'failed', reason_code = %(reason_code)s, reason = %(reason)s, read_at = now(),
    rows_delivered = null, rows_new = null, rows_known = null, rows_rejected = null
where arrival_id = %(arrival_id)s and status = 'waiting'
returning arrival_id
