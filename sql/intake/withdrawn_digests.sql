-- The tombstones in force: digests of source identities whose rows are not accepted.
select identity_digest
from identity.withdrawals
where lifted_change_id is null
