-- Changes whose number, predecessor or digest is not what it must be.
select change_id::text
from (
    select
        change.*,
        change as ledger_row,
        lag(change.digest, 1, decode(repeat('00', 32), 'hex')) over (order by change.change_id) as digest_before,
        row_number() over (order by change.change_id) as place
    from identity.changes as change
) as change
where change.change_id <> change.place
    or change.previous_digest <> change.digest_before
    or change.event_count <> (select count(*) from identity.events where events.change_id = change.change_id)
    or change.digest <> identity.digest_of(change.ledger_row)
order by change_id
