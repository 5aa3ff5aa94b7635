-- Open cases that ask the same question as another open case of their kind.
select review_case.case_id::text
from identity.review_cases as review_case
join identity.case_pairs as pair on pair.case_id = review_case.case_id
join identity.case_pairs as same on same.record_id_l = pair.record_id_l and same.record_id_r = pair.record_id_r
join identity.review_cases as other on other.case_id = same.case_id
where review_case.status = 'open'
    and other.status = 'open'
    and other.kind = review_case.kind
    and other.case_id < review_case.case_id
