-- Per day of the last thirty: what stewards saved and took back, and the cases that opened and closed.
select
    day.day::date,
    (
        select count(*)
        from identity.changes
        where kind = 'decision' and at >= day.day and at < day.day + interval '1 day'
    ) as decisions,
    (
        select count(*)
        from identity.changes
        where kind = 'undo' and at >= day.day and at < day.day + interval '1 day'
    ) as undone
from generate_series(
    date_trunc('day', now()) - interval '29 days', date_trunc('day', now()), interval '1 day'
) as day (day)
order by day.day
