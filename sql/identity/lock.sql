-- Waits for the right to write identities until the end of the transaction.
select pg_advisory_xact_lock(%(key)s)
