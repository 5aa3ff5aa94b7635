-- Keeps the digests that some changes have with their notes, before the notes go.
insert into identity.redactions (change_id, header_digest, decisions_digest, redacted_change_id)
select
    change.change_id,
    identity.header_digest(
        change.change_id, change.at, change.kind, change.batch_id, change.model_id, change.undoes_change_id,
        change.actor, change.note
    ),
    identity.decisions_digest(change.change_id),
    %(change_id)s
from identity.changes as change
where change.change_id = any (%(redacted)s)
on conflict (change_id) do nothing
