-- Open review cases by kind and by how long they have waited, and since when the oldest waits.
select
    kind,
    count(*) filter (where opened_at > now() - interval '1 day') as of_today,
    count(*) filter (where opened_at <= now() - interval '1 day' and opened_at > now() - interval '7 days') as of_the_week,
    count(*) filter (where opened_at <= now() - interval '7 days' and opened_at > now() - interval '30 days') as of_the_month,
    count(*) filter (where opened_at <= now() - interval '30 days') as older,
    min(opened_at) as oldest
from identity.review_cases
where status = 'open'
group by kind
order by kind
