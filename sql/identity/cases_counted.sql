-- How many review cases of each kind there are among those asked for.
select kind, count(*)
from identity.review_cases
where status = %(status)s
    and (%(opened_since)s::timestamptz is null or opened_at >= %(opened_since)s)
    and (%(opened_before)s::timestamptz is null or opened_at < %(opened_before)s)
    and (%(min_probability)s::double precision is null or max_match_probability >= %(min_probability)s)
    and (%(case_ids)s::bigint[] is null or case_id = any (%(case_ids)s))
    and (%(not_among)s::bigint[] is null or case_id <> all (%(not_among)s))
group by kind
order by kind
