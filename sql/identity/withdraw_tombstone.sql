-- Rows of a withdrawn source identity are rejected from now on.
insert into identity.withdrawals (identity_digest, change_id)
values (identity.withdrawal_digest(%(data_source)s, %(source_person_id)s), %(change_id)s)
on conflict (identity_digest) where lifted_change_id is null do nothing
