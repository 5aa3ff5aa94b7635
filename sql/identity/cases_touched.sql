-- Open cases, with all their pairs, that ask about touched records or about records of some other persons.
with about as (
    select record_id from touched_records
    union
    select record_id from identity.membership where person_id = any (%(persons_outside)s::uuid[])
    union
    select unnest(%(erased_records)s::bigint[])
),
touched as (
    select pair.case_id from about join identity.case_pairs as pair on pair.record_id_l = about.record_id
    union
    select pair.case_id from about join identity.case_pairs as pair on pair.record_id_r = about.record_id
)
select
    review_case.case_id, review_case.kind, pair.record_id_l, pair.record_id_r, pair.reason,
    prediction.match_weight, prediction.match_probability, review_case.status = 'open' as is_open
from touched
join identity.review_cases as review_case
    on review_case.case_id = touched.case_id
    and (review_case.status = 'open' or review_case.closed_change_id = any (%(reopening_changes)s::bigint[]))
join identity.case_pairs as pair on pair.case_id = review_case.case_id
left join matching.predictions as prediction
    on prediction.record_id_l = pair.record_id_l and prediction.record_id_r = pair.record_id_r
