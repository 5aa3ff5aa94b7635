-- This batch's auto-matches a record, when it lies far outside what the twenty batches before it showed.
with counted as (
    select
        batch.batch_no,
        batch.batch_id,
        sum(arrival.rows_new) as records,
        min(scored.auto_matches) as matches
    from (
        select batch_no, batch_id
        from intake.batches
        where batch_no <= (select batch_no from intake.batches where batch_id = %(batch_id)s)
        order by batch_no desc
        limit 21
    ) as batch
    join intake.arrivals as arrival using (batch_id)
    join matching.scored_batches as scored using (batch_id)
    group by batch.batch_no, batch.batch_id
    having sum(arrival.rows_new) >= 100
),
rates as (
    select batch_id, matches::double precision / records as rate from counted
),
before as (
    select count(*) as batches, avg(rate) as mean, coalesce(stddev_samp(rate), 0) as deviation
    from rates
    where batch_id <> %(batch_id)s
)
select format('%%s auto-matches per 1,000 records, %%s before', round(1000 * rates.rate), round(1000 * before.mean)) as problem, 1 as affected
from rates
cross join before
where rates.batch_id = %(batch_id)s
  and before.batches >= 5
  and abs(rates.rate - before.mean) > 4 * before.deviation + 0.05
