-- An object was read: what became of its rows. No row if somebody else has read it meanwhile.
update intake.arrivals
set status = 'read', reason_code = null, reason = %(note)s, unknown_columns = %(unknown_columns)s, read_at = now(),
    rows_delivered = %(delivered)s, rows_new = %(new)s, rows_known = %(known)s, rows_rejected = %(rejected)s
where arrival_id = %(arrival_id)s and status = 'waiting'
returning arrival_id
