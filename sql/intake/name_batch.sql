-- The id of a new batch: day (UTC) and number, `2026-11-20-000017`.
update intake.batches
set batch_id = to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') || '-'
    || lpad(batch_no::text, greatest(6, length(batch_no::text)), '0')
where batch_no = %(batch_no)s
returning batch_id
