-- Changes whose number, predecessor or digest is not what it must be.
select change_id::text
from (
    select
        change.*,
        lag(change.digest, 1, decode(repeat('00', 32), 'hex')) over (order by change.change_id) as digest_before,
        row_number() over (order by change.change_id) as place
    from identity.changes as change
) as change
where change.change_id <> change.place
    or change.previous_digest <> change.digest_before
    or change.event_count <> (select count(*) from identity.events where events.change_id = change.change_id)
    or change.digest <> sha256(
        change.previous_digest
        || identity.header_digest(
            change.change_id, change.at, change.kind, change.batch_id, change.model_id, change.undoes_change_id,
            change.actor, change.note
        )
        || identity.events_digest(change.change_id)
        || identity.decisions_digest(change.change_id)
    )
order by change_id
