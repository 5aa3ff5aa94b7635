-- Whether a source identity was withdrawn since the latest attempt at a batch began: some of what it holds may be gone.
select exists (
    select
    from identity.withdrawals
    where withdrawn_at >= coalesce(
        (select started_at from intake.batches where batch_id = %(batch_id)s), '-infinity'::timestamptz
    )
)
