-- Writes the row of a change, with the digest over its cause, its events and its decisions, chained to the one before.
with header as (
    select
        %(change_id)s::bigint as change_id,
        %(at)s::timestamptz as at,
        %(kind)s::text as kind,
        %(batch_id)s::text as batch_id,
        %(model_id)s::integer as model_id,
        %(undoes_change_id)s::bigint as undoes_change_id,
        %(actor)s::text as actor,
        %(note)s::text as note
),
previous as (
    select coalesce(
        (select digest from identity.changes order by change_id desc limit 1),
        decode(repeat('00', 32), 'hex')
    ) as digest
)
insert into identity.changes (
    change_id, at, kind, batch_id, model_id, undoes_change_id, actor, note, event_count, previous_digest, digest
)
select
    header.change_id,
    header.at,
    header.kind,
    header.batch_id,
    header.model_id,
    header.undoes_change_id,
    header.actor,
    header.note,
    (select count(*) from identity.events where events.change_id = header.change_id),
    previous.digest,
    sha256(
        previous.digest
        || identity.header_digest(
            header.change_id, header.at, header.kind, header.batch_id, header.model_id, header.undoes_change_id,
            header.actor, header.note
        )
        || identity.events_digest(header.change_id)
        || identity.decisions_digest(header.change_id)
    )
from header, previous
