-- Sampled pairs that two stewards or more judged (same or different): how many, on how many all agree; and how often each was said.
with judged as (
    select distinct on (pair_id, actor) pair_id, actor, answer
    from evaluation.answers
    order by pair_id, actor, answer_id desc
),
pairs as (
    select
        pair_id, count(*) as stewards, count(distinct answer) as answers, count(*) filter (where answer = 'same') as same
    from judged
    where answer <> 'unsure'
    group by pair_id
    having count(*) > 1
)
select
    count(*) as pairs,
    count(*) filter (where answers = 1) as agreed,
    coalesce(sum(same), 0)::bigint as said_same,
    coalesce(sum(stewards), 0)::bigint as said,
    coalesce(sum(same * (same - 1) + (stewards - same) * (stewards - same - 1)) / sum(stewards * (stewards - 1)), 0)::float8
        as agreement
from pairs
