-- What a matcher in memory was made from: it is made anew when any of it changes.
select
    model.model_id,
    model.frozen_at is not null as is_frozen,
    -- A withdrawal takes values out of what a model has learnt.
    (select coalesce(max(withdrawal_id), 0) from identity.withdrawals) as withdrawals,
    (select count(*) from intake.date_orders) as date_orders
from matching.model as model
where model.is_active
