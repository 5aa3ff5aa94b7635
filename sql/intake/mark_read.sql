-- Objects were read: what became of their rows. No row for those that somebody else has read meanwhile.
update intake.arrivals as arrival
set status = 'read', reason_code = null, reason = told.note, read_at = now(),
    unknown_columns = array(select name from jsonb_array_elements_text(told.unknown_columns) with ordinality as kept (name, place) order by place),
    rows_delivered = told.delivered, rows_new = told.new, rows_known = told.known, rows_rejected = told.rejected
from unnest(
    %(arrival_ids)s::bigint[], %(delivered)s::bigint[], %(new)s::bigint[], %(known)s::bigint[], %(rejected)s::bigint[],
    %(unknown_columns)s::jsonb[], %(notes)s::text[]
) as told (arrival_id, delivered, new, known, rejected, unknown_columns, note)
where arrival.arrival_id = told.arrival_id and arrival.status = 'waiting'
returning arrival.arrival_id
