-- Takes the notes out of some changes whose digests are kept.
update identity.changes
set note = null
where change_id = any (%(redacted)s) and note is not null
