-- Takes the notes out of the decisions of some changes whose digests are kept.
update identity.decisions
set note = null
where change_id = any (%(redacted)s) and note is not null
