-- Rows of a source identity are accepted again.
update identity.withdrawals
set lifted_change_id = %(change_id)s, lifted_at = clock_timestamp()
where identity_digest = identity.withdrawal_digest(%(data_source)s, %(source_person_id)s)
    and lifted_change_id is null
returning change_id
